// Modbus RTU on a serial port. An answer there does not say which request it is to, so after anything that went wrong
// (silence, noise, a wrong checksum, a foreign unit) the line is out of step: a late answer may still come. The step is
// found again by a loopback (function 8, which every controller answers or refuses): its answer is unlike any values,
// and whatever was asked before it has been answered before it. A refusal does not say of which loopback it is, so it
// counts only when each one sent has got one. Where a loopback is ignored or lost, SETTLED_MS of silence bring the step
// back: the one assumption here is that no answer is later than that.
// Not here: bytes of frames (rtu-frames.ts), which requests are sent and when (modbus.ts).
import type { Outcome } from '@vigie/config';
import type { Clock, Randomness } from '@vigie/protocol';
import type { ReadRequest } from './requests.ts';
import {
  answerLength,
  countRefusals,
  endsWithEcho,
  loopbackFrame,
  readFrame,
  received,
} from './rtu-frames.ts';
import { bitsPerCharacter, type OpenPort, type OpenSerial, type SerialSettings } from './serial.ts';
import type { ModbusTransport, Reply } from './transport.ts';

export interface RtuSettings extends SerialSettings {
  readonly unit: number;
}

export interface RtuEnvironment {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly openSerial: OpenSerial;
}

export const SETTLED_MS = 3000;
/** Bytes of one answer that are further apart come of a line that was cut. */
const TORN_MS = 100;
/** Attempts at one request within its deadline: what noise spoilt is asked again. */
const MOST_ATTEMPTS = 3;
/** More than any answer; what noise adds is not kept. */
const MOST_BYTES = 1024;

/** Time on the wire of a request and its answer, pause between frames included. */
export function wireMs(request: ReadRequest, settings: SerialSettings): number {
  const characters = 8 + answerLength(request) + 2 * 3.5;
  return (characters * bitsPerCharacter(settings) * 1000) / settings.baudRate;
}

export class RtuTransport implements ModbusTransport {
  readonly #settings: RtuSettings;
  readonly #environment: RtuEnvironment;
  /** 3.5 characters, by which frames are told apart. */
  readonly #pauseMs: number;
  #port: OpenPort | null = null;
  /** Received since the last frame was sent. */
  #bytes: Uint8Array = new Uint8Array(0);
  #heardMs = 0;
  #inStep = false;
  /** Instant of the last reading that was sent, or of the opening: an earlier agent may have been asking. */
  #readMs = 0;
  /** Loopbacks since the line was in step last: what they repeat, their number, their refusals, the last one's instant. */
  #mark = 0;
  #loops = 0;
  #refusals = 0;
  #loopMs = 0;
  /** Called when bytes came or the port is gone. */
  #wake: (() => void) | null = null;

  constructor(settings: RtuSettings, environment: RtuEnvironment) {
    this.#settings = settings;
    this.#environment = environment;
    this.#newCount();
    this.#pauseMs = Math.max(2, Math.ceil((3.5 * bitsPerCharacter(settings) * 1000) / settings.baudRate));
  }

  async open(): Promise<Outcome<void>> {
    if (this.#port !== null) return { ok: true, value: undefined };
    let port: OpenPort | null = null;
    let gone = false;
    const opened = await this.#environment.openSerial(this.#settings, {
      data: (bytes) => this.#take(bytes),
      gone: () => {
        gone = true;
        if (this.#port === port) this.#port = null;
        this.#wake?.();
      },
    });
    if (!opened.ok) return { ok: false, message: `${this.#settings.port}: ${opened.message}` };
    port = opened.value;
    if (gone) return { ok: false, message: this.#isGone() };
    this.#port = port;
    this.#inStep = false;
    this.#readMs = this.#nowMs();
    return { ok: true, value: undefined };
  }

  async ask(request: ReadRequest, untilMs: number, waiting: number): Promise<Reply> {
    const { unit } = this.#settings;
    const startedMs = this.#nowMs();
    // Its share of the time, so that registers which get no answer do not cost the others theirs.
    const endMs = startedMs + (untilMs - startedMs) / (waiting + 1);
    let why = 'gave no answer in time';
    for (let attempt = 0; attempt < MOST_ATTEMPTS && this.#nowMs() < endMs; attempt++) {
      if (!this.#inStep) await this.#findStep(endMs);
      if (this.#port === null) break;
      if (!this.#inStep) continue;
      await this.#pause(endMs);
      this.#readMs = this.#nowMs();
      this.#send(readFrame(unit, request));
      // In step again only when the answer is there and nothing besides.
      this.#inStep = false;
      const result = await this.#until(endMs, (bytes) => {
        const found = received(unit, request, bytes);
        return found.kind === 'more' ? null : found;
      });
      if (result === 'late') continue;
      if (result === 'torn') {
        why = 'sent an answer that breaks off';
        continue;
      }
      if (result.kind === 'wrong') {
        why = `sent ${result.what}`;
        continue;
      }
      const whole = result.kind === 'values' ? answerLength(request) : 5;
      this.#inStep = this.#bytes.length === whole;
      return result;
    }
    if (this.#port === null) return { kind: 'failed', message: this.#isGone(), lost: true };
    const message = `the controller (unit ${unit} on ${this.#settings.port}) ${why}`;
    return { kind: 'failed', message, lost: this.#port.moved() };
  }

  close(): void {
    this.#port?.close();
    this.#port = null;
    this.#wake?.();
  }

  #isGone(): string {
    return `${this.#settings.port}: the port is gone: unplugged?`;
  }

  async #findStep(endMs: number): Promise<void> {
    const { unit } = this.#settings;
    await this.#pause(endMs);
    const startMs = this.#nowMs();
    const quietMs = startMs - Math.max(this.#readMs, this.#heardMs, this.#loopMs);
    if (this.#loops > 0 && quietMs >= SETTLED_MS) {
      this.#inStep = true;
      this.#newCount();
      return;
    }
    // With two on their way, more would only keep the line from falling silent.
    if (this.#loops - this.#refusals < 2) {
      this.#send(loopbackFrame(unit, this.#mark));
      this.#loops++;
      this.#loopMs = startMs;
    }
    const found = await this.#until(endMs, (bytes) =>
      endsWithEcho(unit, this.#mark, bytes) || this.#refusals + countRefusals(unit, bytes) >= this.#loops
        ? true
        : null,
    );
    this.#inStep = found === true;
    if (this.#inStep) this.#newCount();
  }

  #newCount(): void {
    const [high = 0, low = 0] = this.#environment.randomness.bytes(2);
    this.#mark = 256 * high + low;
    this.#loops = 0;
    this.#refusals = 0;
    this.#bytes = new Uint8Array(0);
  }

  /** Lets the line be silent for the time that parts two frames. */
  async #pause(endMs: number): Promise<void> {
    for (;;) {
      const nowMs = this.#nowMs();
      const leftMs = this.#heardMs + this.#pauseMs - nowMs;
      // Noise may never end.
      if (leftMs <= 0 || nowMs >= endMs || this.#port === null) return;
      await new Promise<void>((resolve) => this.#environment.clock.after(leftMs, resolve));
    }
  }

  #send(frame: Uint8Array): void {
    this.#refusals += countRefusals(this.#settings.unit, this.#bytes);
    this.#bytes = new Uint8Array(0);
    this.#port?.write(frame);
  }

  #take(bytes: Uint8Array): void {
    this.#heardMs = this.#nowMs();
    this.#bytes = Buffer.concat([this.#bytes, bytes]).subarray(-MOST_BYTES);
    this.#wake?.();
  }

  /** Waits for what `find` makes of the bytes received since the last `#send`. */
  #until<T>(endMs: number, find: (bytes: Uint8Array) => T | null): Promise<T | 'late' | 'torn'> {
    const { clock } = this.#environment;
    return new Promise((resolve) => {
      let timer = { cancel: (): void => {} };
      const settle = (result: T | 'late' | 'torn'): void => {
        timer.cancel();
        this.#wake = null;
        resolve(result);
      };
      const look = (): void => {
        timer.cancel();
        const nowMs = this.#nowMs();
        const heard = this.#bytes.length > 0;
        const found = heard && this.#port !== null ? find(this.#bytes) : null;
        const endsMs = heard ? Math.min(endMs, this.#heardMs + TORN_MS) : endMs;
        if (found !== null) settle(found);
        else if (this.#port === null || nowMs >= endMs) settle('late');
        else if (nowMs >= endsMs) settle('torn');
        else timer = clock.after(endsMs - nowMs, look);
      };
      this.#wake = look;
      look();
    });
  }

  #nowMs(): number {
    return this.#environment.clock.monotonicMs();
  }
}
