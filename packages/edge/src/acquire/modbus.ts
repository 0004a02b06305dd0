// Reads a controller over Modbus TCP, one row per instant of the grid (multiples of the interval on the monotonic
// clock: rows a constant time apart cost no bytes to date).
// Invariants: a row is made of answers to its own requests, all within its deadline; after a late answer or an
// error of transport the connection is thrown away, so that no answer can be taken for another's.
// Not here: which registers are read (requests.ts).

import type { MachineSchema } from '@vigie/model';
import type { RegisterSpec } from '@vigie/model/load';
import type { Clock, Timer } from '@vigie/protocol';
import modbus from 'modbus-serial';
import { type Answer, planRequests, type ReadRequest, samples, splitAtHoles } from './requests.ts';
import type { BootAxis, RowSink, Source, SourceState } from './source.ts';

export interface ModbusOptions {
  readonly schema: MachineSchema;
  /** In the order of the schema's channels. */
  readonly registers: readonly RegisterSpec[];
  readonly host: string;
  readonly port: number;
  readonly unit: number;
  readonly clock: Clock;
  readonly axis: BootAxis;
}

/** A controller that is off is tried again after this, then twice as long, up to the most. */
const RETRY_MS = { first: 500, most: 10_000 } as const;
/** A silence of this length is told to the server; a shorter one is not worth a frame. */
const SILENCE_MS = 10_000;
/** «Illegal data address»: what a controller answers when a request covers a hole it does not have. */
const ILLEGAL_ADDRESS = 2;

type Client = InstanceType<typeof modbus.default>;
type Poll =
  | { readonly ok: true; readonly answers: readonly Answer[] }
  | { readonly ok: false; readonly message: string; readonly broken: boolean };

export class ModbusSource implements Source {
  readonly schema: MachineSchema;
  readonly axis: BootAxis;
  readonly ends = false;
  readonly #options: ModbusOptions;
  readonly #intervalMs: number;
  readonly #deadlineMs: number;
  readonly #decimals: readonly (number | null)[];
  #requests: ReadRequest[];
  #client: Client | null = null;
  #timer: Timer | null = null;
  #sink: RowSink | null = null;
  #rows = 0;
  #failedPolls = 0;
  #problem: string | null = 'not read yet';
  #lastRowMs = -1;
  /** Polls that failed since the last row. */
  #failedInARow = 0;
  /** Instant of the last row, or of the start. */
  #heardMs = 0;
  #retryMs: number = RETRY_MS.first;
  #notBeforeMs = 0;

  constructor(options: ModbusOptions) {
    this.#options = options;
    this.schema = options.schema;
    this.axis = options.axis;
    this.#intervalMs = options.schema.intervalMs;
    this.#deadlineMs = Math.min(3000, Math.max(200, 0.8 * this.#intervalMs));
    this.#decimals = options.schema.channels.map(({ decimals }) => decimals);
    this.#requests = planRequests(options.registers);
  }

  start(sink: RowSink): void {
    this.#sink = sink;
    this.#heardMs = this.#options.clock.monotonicMs();
    this.#schedule();
  }

  state(): SourceState {
    return { problem: this.#problem, rows: this.#rows, failedPolls: this.#failedPolls };
  }

  stop(): void {
    this.#sink = null;
    this.#timer?.cancel();
    this.#disconnect();
  }

  #schedule(): void {
    if (this.#sink === null) return;
    const nowMs = this.#options.clock.monotonicMs();
    const gridMs = (Math.floor(nowMs / this.#intervalMs) + 1) * this.#intervalMs;
    this.#timer = this.#options.clock.after(gridMs - nowMs, () => {
      // A timer may fire a breath early: the instant meant is the nearest one.
      void this.#poll(gridMs).finally(() => this.#schedule());
    });
  }

  async #poll(gridMs: number): Promise<void> {
    const { clock } = this.#options;
    if (clock.monotonicMs() < this.#notBeforeMs) {
      this.#failedPolls++;
      this.#failedInARow++;
      return;
    }
    const startedMs = clock.monotonicMs();
    const poll = await this.#read();
    const doneMs = clock.monotonicMs();
    const sink = this.#sink;
    if (sink === null) return;
    if (!poll.ok) {
      this.#failedPolls++;
      this.#failedInARow++;
      if (poll.broken) {
        this.#disconnect();
        this.#notBeforeMs = doneMs + this.#retryMs;
        this.#retryMs = Math.min(RETRY_MS.most, 2 * this.#retryMs);
      }
      this.#tell(poll.message);
      return;
    }
    this.#retryMs = RETRY_MS.first;
    const refused = poll.answers.filter(({ bytes }) => bytes === null).length;
    // The values were taken between start and end: near enough to the grid they are the grid's.
    const onGrid = Math.abs(startedMs - gridMs) <= 50 && doneMs - gridMs <= this.#intervalMs / 4;
    const monotonicMs = onGrid ? gridMs : Math.round((startedMs + doneMs) / 2);
    if (monotonicMs <= this.#lastRowMs) return;
    const silenceMs = monotonicMs - this.#heardMs;
    if (this.#failedInARow > 0 && silenceMs >= SILENCE_MS)
      sink.silent(Math.max(1, Math.round(silenceMs / this.#intervalMs) - 1));
    this.#failedInARow = 0;
    this.#heardMs = monotonicMs;
    this.#lastRowMs = monotonicMs;
    this.#rows++;
    this.#tell(refused === 0 ? null : `the controller refuses ${refused} of ${poll.answers.length} requests`);
    sink.row({ monotonicMs, values: samples(this.#options.registers, this.#decimals, poll.answers) });
  }

  #tell(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#sink?.problem(problem);
  }

  /** Ends within the deadline whatever the controller does. */
  async #read(): Promise<Poll> {
    let timer: Timer | null = null;
    const late = new Promise<Poll>((resolve) => {
      timer = this.#options.clock.after(this.#deadlineMs, () =>
        resolve({
          ok: false,
          message: `the controller gave no answer within ${this.#deadlineMs} ms`,
          broken: true,
        }),
      );
    });
    const poll = await Promise.race([late, this.#readAll()]);
    (timer as Timer | null)?.cancel();
    return poll;
  }

  async #readAll(): Promise<Poll> {
    const { host, port, unit } = this.#options;
    try {
      let client = this.#client;
      if (client === null) {
        client = new modbus.default();
        this.#client = client;
        client.on('error', () => this.#disconnect());
        await client.connectTCP(host, { port });
        client.setID(unit);
      }
      const answers: Answer[] = [];
      for (const request of this.#requests) answers.push(...(await this.#ask(client, request)));
      if (answers.every(({ bytes }) => bytes === null)) {
        return { ok: false, message: 'the controller refuses every request', broken: false };
      }
      return { ok: true, answers };
    } catch (error) {
      return { ok: false, message: `the controller at ${host}:${port}: ${reason(error)}`, broken: true };
    }
  }

  /** @throws on anything but an answer or a Modbus exception. */
  async #ask(client: Client, request: ReadRequest): Promise<Answer[]> {
    const { address, count } = request;
    try {
      const read =
        request.table === 'input'
          ? await client.readInputRegisters(address, count)
          : await client.readHoldingRegisters(address, count);
      if (read.buffer.length !== 2 * count)
        throw new Error(`${read.buffer.length} bytes for ${count} registers`);
      return [{ request, bytes: read.buffer }];
    } catch (error) {
      const code = exceptionCode(error);
      if (code === null) throw error;
      const parts = code === ILLEGAL_ADDRESS ? splitAtHoles(request, this.#options.registers) : [];
      if (parts.length > 1)
        this.#requests = this.#requests.flatMap((other) => (other === request ? parts : [other]));
      return [{ request, bytes: null }];
    }
  }

  #disconnect(): void {
    const client = this.#client;
    this.#client = null;
    client?.destroy(() => {});
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
  return error instanceof Error ? error.message : String(error);
}
