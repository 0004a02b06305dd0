// Modbus over TCP. After a late answer or an error of transport the connection is thrown away, so that no answer can be
// taken for another's; each answer carries the number of its request besides.
// Not here: which requests are sent and when (modbus.ts).
import type { Outcome } from '@vigie/config';
import type { Clock, Timer } from '@vigie/protocol';
import modbus from 'modbus-serial';
import { answerBytes, type ReadRequest } from './requests.ts';
import type { ModbusTransport, Reply } from './transport.ts';

export interface TcpSettings {
  readonly host: string;
  readonly port: number;
  readonly unit: number;
}

type Client = InstanceType<typeof modbus.default>;
const LATE = Symbol('late');

export class TcpTransport implements ModbusTransport {
  readonly #settings: TcpSettings;
  readonly #clock: Clock;
  #client: Client | null = null;

  constructor(settings: TcpSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  async open(untilMs: number): Promise<Outcome<void>> {
    if (this.#client !== null) return { ok: true, value: undefined };
    const { host, port, unit } = this.#settings;
    const client = new modbus.default();
    this.#client = client;
    client.on('error', () => {
      if (this.#client === client) this.close();
    });
    try {
      const connected = await this.#by(untilMs, client.connectTCP(host, { port }));
      if (connected === LATE) return { ok: false, message: this.#said('does not answer') };
      client.setID(unit);
      return { ok: true, value: undefined };
    } catch (error) {
      return { ok: false, message: this.#said(reason(error)) };
    }
  }

  async ask(request: ReadRequest, untilMs: number): Promise<Reply> {
    const client = this.#client;
    if (client === null) return { kind: 'failed', message: this.#said('closed the connection'), lost: true };
    try {
      const bytes = await this.#by(untilMs, read(client, request));
      if (bytes === LATE)
        return { kind: 'failed', message: this.#said('gave no answer in time'), lost: true };
      if (bytes.length === answerBytes(request)) return { kind: 'values', bytes };
      const what = `${bytes.length} bytes instead of ${answerBytes(request)}`;
      return { kind: 'failed', message: this.#said(what), lost: true };
    } catch (error) {
      const code = exceptionCode(error);
      return code === null
        ? { kind: 'failed', message: this.#said(reason(error)), lost: true }
        : { kind: 'exception', code };
    }
  }

  close(): void {
    const client = this.#client;
    this.#client = null;
    client?.destroy(() => {});
  }

  #said(what: string): string {
    return `the controller at ${this.#settings.host}:${this.#settings.port}: ${what}`;
  }

  async #by<T>(untilMs: number, promise: Promise<T>): Promise<T | typeof LATE> {
    let timer: Timer | null = null;
    const late = new Promise<typeof LATE>((resolve) => {
      timer = this.#clock.after(untilMs - this.#clock.monotonicMs(), () => resolve(LATE));
    });
    try {
      return await Promise.race([late, promise]);
    } finally {
      (timer as Timer | null)?.cancel();
    }
  }
}

async function read(client: Client, { table, address, count }: ReadRequest): Promise<Uint8Array> {
  switch (table) {
    case 'input':
      return (await client.readInputRegisters(address, count)).buffer;
    case 'holding':
      return (await client.readHoldingRegisters(address, count)).buffer;
    case 'coil':
      return (await client.readCoils(address, count)).buffer;
    case 'discrete':
      return (await client.readDiscreteInputs(address, count)).buffer;
  }
}

function exceptionCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('modbusCode' in error)) return null;
  return typeof error.modbusCode === 'number' ? error.modbusCode : null;
}

function reason(error: unknown): string {
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'ECONNREFUSED') return 'refuses connections';
    if (error.code === 'EHOSTUNREACH' || error.code === 'ENETUNREACH') return 'cannot be reached';
    if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'its name is not known';
  }
  if (error instanceof Error) return error.message;
  // What the library itself throws inherits nothing from Error.
  const { name, message } = (error ?? {}) as { readonly name?: unknown; readonly message?: unknown };
  if (name === 'PortNotOpenError') return 'closed the connection';
  return typeof message === 'string' ? message : String(error);
}
