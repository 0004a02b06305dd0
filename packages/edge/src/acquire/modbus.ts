// Reads a controller over Modbus, one row per instant of the grid (multiples of the interval on the monotonic clock:
// rows a constant time apart cost no bytes to date).
// Invariants: a row is made of answers to its own requests, all within its deadline; a channel whose request failed is
// missing and named, the others go on; a row's instant is at most a quarter of the interval from each of its samples.
// Not here: which registers are read (requests.ts, plan.ts), how bytes travel (modbus-tcp.ts, modbus-rtu.ts).
import type { MachineSchema } from '@vigie/model';
import type { RegisterSpec } from '@vigie/model/load';
import type { Clock, Timer } from '@vigie/protocol';
import { RequestPlan } from './plan.ts';
import { type Answer, isAnswered, samples } from './requests.ts';
import { Retry } from './retry.ts';
import { Silence } from './silence.ts';
import { type BootAxis, type RowSink, type Source, type SourceState, someOf } from './source.ts';
import type { ModbusTransport } from './transport.ts';

export interface ModbusOptions {
  readonly schema: MachineSchema;
  /** In the order of the schema's channels. */
  readonly registers: readonly RegisterSpec[];
  readonly transport: ModbusTransport;
  readonly clock: Clock;
  readonly axis: BootAxis;
}

type Poll =
  /** At least one answer carries values. */
  | { readonly ok: true; readonly answers: readonly Answer[]; readonly failure: string | null }
  | { readonly ok: false; readonly message: string; readonly lost: boolean };

/** Time in which all answers of a row must have come. */
export function deadlineMs(intervalMs: number): number {
  return Math.min(3000, Math.max(200, 0.8 * intervalMs));
}

export class ModbusSource implements Source {
  readonly schema: MachineSchema;
  readonly axis: BootAxis;
  readonly ends = false;
  readonly #options: ModbusOptions;
  readonly #intervalMs: number;
  readonly #decimals: readonly (number | null)[];
  readonly #plan: RequestPlan;
  readonly #retry = new Retry();
  #silence: Silence;
  #timer: Timer | null = null;
  #sink: RowSink | null = null;
  #rows = 0;
  #failedPolls = 0;
  #problem: string | null = 'not read yet';
  #unreadable: readonly string[] = [];
  #told: string | null = null;
  #lastRowMs = -1;
  #notBeforeMs = 0;

  constructor(options: ModbusOptions) {
    this.#options = options;
    this.schema = options.schema;
    this.axis = options.axis;
    this.#intervalMs = options.schema.intervalMs;
    this.#decimals = options.schema.channels.map(({ decimals }) => decimals);
    this.#plan = new RequestPlan(options.registers);
    this.#silence = new Silence(this.#intervalMs, 0);
  }

  start(sink: RowSink): void {
    this.#sink = sink;
    this.#silence = new Silence(this.#intervalMs, this.#options.clock.monotonicMs());
    this.#schedule();
  }

  state(): SourceState {
    return {
      problem: this.#problem,
      rows: this.#rows,
      failedPolls: this.#failedPolls,
      unreadable: this.#unreadable,
    };
  }

  stop(): void {
    this.#sink = null;
    this.#timer?.cancel();
    this.#options.transport.close();
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
    const { clock, transport, registers } = this.#options;
    if (clock.monotonicMs() < this.#notBeforeMs) {
      this.#failedPolls++;
      return;
    }
    const startedMs = clock.monotonicMs();
    const poll = await this.#read(startedMs + deadlineMs(this.#intervalMs));
    const doneMs = clock.monotonicMs();
    const sink = this.#sink;
    if (sink === null) {
      // Stopped meanwhile: what was opened since must not stay open.
      transport.close();
      return;
    }
    if (!poll.ok) {
      this.#failedPolls++;
      if (poll.lost) {
        transport.close();
        this.#notBeforeMs = doneMs + this.#retry.next();
      }
      this.#problem = poll.message;
      this.#tell(poll.message);
      return;
    }
    this.#retry.works();
    // The values were taken between start and end: near enough to the grid they are the grid's.
    const onGrid = Math.abs(startedMs - gridMs) <= 50 && doneMs - gridMs <= this.#intervalMs / 4;
    const monotonicMs = onGrid ? gridMs : Math.round((startedMs + doneMs) / 2);
    if (monotonicMs <= this.#lastRowMs) return;
    const silentRows = this.#silence.before(monotonicMs);
    if (silentRows > 0) sink.silent(silentRows);
    this.#lastRowMs = monotonicMs;
    this.#rows++;
    this.#problem = null;
    this.#unreadable = this.schema.channels.flatMap(({ id }, i) => {
      const register = registers[i];
      return register === undefined || isAnswered(register, poll.answers) ? [] : [id];
    });
    this.#tell(
      this.#unreadable.length === 0
        ? null
        : `cannot read ${someOf(this.#unreadable)}: ${poll.failure ?? 'the controller refuses these registers'}`,
    );
    sink.row({ monotonicMs, values: samples(registers, this.#decimals, poll.answers) });
  }

  #tell(problem: string | null): void {
    if (problem === this.#told) return;
    this.#told = problem;
    this.#sink?.problem(problem);
  }

  /** Ends by `untilMs`, whatever the controller does. */
  async #read(untilMs: number): Promise<Poll> {
    const { transport, clock } = this.#options;
    const opened = await transport.open(untilMs);
    if (!opened.ok) return { ok: false, message: opened.message, lost: true };
    const waiting = this.#plan.due(clock.monotonicMs());
    const answers: Answer[] = [];
    let failure: string | null = null;
    for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) {
      if (clock.monotonicMs() >= untilMs) {
        failure ??= 'there was no time left to ask for them';
        break;
      }
      const reply = await transport.ask(request, untilMs, waiting.length);
      switch (reply.kind) {
        case 'values':
          this.#plan.answered(request);
          answers.push({ request, bytes: reply.bytes });
          break;
        case 'exception':
          waiting.unshift(...this.#plan.refused(request, reply.code, clock.monotonicMs()));
          break;
        case 'failed':
          if (reply.lost) return { ok: false, message: reply.message, lost: true };
          failure = reply.message;
          break;
      }
    }
    if (answers.length > 0) return { ok: true, answers, failure };
    if (failure !== null) return { ok: false, message: failure, lost: false };
    // So it does while it starts up: it must not be read register by register for ever after.
    this.#plan.reset();
    return { ok: false, message: 'the controller refuses every request', lost: false };
  }
}
