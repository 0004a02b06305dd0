// Reads a microcontroller that prints one line per measurement on a serial port, CSV or JSON.
// Invariants: a damaged line gives no row, never a false one; a row's instant is the arrival of its first byte, within
// the bound of placing.ts; a port that goes away is opened again by the same path. It never writes.
// Not here: cutting (line-cutter.ts) and reading (line-parser.ts) of lines.
import type { MachineSchema } from '@vigie/model';
import type { MachineModel } from '@vigie/model/load';
import type { Clock, Timer } from '@vigie/protocol';
import { type Line, LineCutter } from './line-cutter.ts';
import { type LineFormat, LineParser, type Parsed } from './line-parser.ts';
import { Placing } from './placing.ts';
import { Retry } from './retry.ts';
import type { OpenPort, OpenSerial, SerialSettings } from './serial.ts';
import { Silence } from './silence.ts';
import { type BootAxis, type RowSink, type Source, type SourceState, someOf } from './source.ts';

export interface LinesOptions extends Pick<MachineModel, 'schema' | 'columns'> {
  readonly settings: SerialSettings & LineFormat;
  readonly clock: Clock;
  readonly axis: BootAxis;
  readonly openSerial: OpenSerial;
}

type Row = Extract<Parsed, { kind: 'row' }>;

export class LinesSource implements Source {
  readonly ends = false;
  readonly schema: MachineSchema;
  readonly axis: BootAxis;
  readonly #options: LinesOptions;
  readonly #parser: LineParser;
  readonly #placing: Placing;
  readonly #retry = new Retry();
  /** Without a row for so long, something is wrong. */
  readonly #patienceMs: number;
  #silence: Silence;
  #sink: RowSink | null = null;
  #port: OpenPort | null = null;
  #timer: Timer | null = null;
  #rows = 0;
  #discarded = 0;
  #problem: string | null = 'not read yet';
  #unreadable: readonly string[] = [];
  #told: string | null = null;
  #lastRowMs = 0;
  /** Why the lines since the last row gave none; `null`: there were none. */
  #damage: string | null = null;

  constructor(options: LinesOptions) {
    this.#options = options;
    this.schema = options.schema;
    this.axis = options.axis;
    this.#parser = new LineParser(options, options.settings);
    this.#placing = new Placing(options.schema.intervalMs);
    this.#patienceMs = Math.max(3000, 3 * options.schema.intervalMs);
    this.#silence = new Silence(options.schema.intervalMs, 0);
  }

  start(sink: RowSink): void {
    this.#sink = sink;
    this.#lastRowMs = this.#options.clock.monotonicMs();
    this.#silence = new Silence(this.schema.intervalMs, this.#lastRowMs);
    void this.#open();
  }

  state(): SourceState {
    return {
      problem: this.#problem,
      rows: this.#rows,
      failedPolls: this.#discarded,
      unreadable: this.#unreadable,
    };
  }

  stop(): void {
    this.#sink = null;
    this.#timer?.cancel();
    this.#port?.close();
    this.#port = null;
  }

  async #open(): Promise<void> {
    const { settings, clock, openSerial } = this.#options;
    const cutter = new LineCutter(clock.monotonicMs());
    let gone = false;
    const opened = await openSerial(settings, {
      data: (bytes) => this.#lines(cutter.push(bytes, clock.monotonicMs())),
      gone: () => {
        gone = true;
        this.#port = null;
        this.#again('the port is gone: unplugged?');
      },
    });
    if (!opened.ok) this.#again(opened.message);
    else if (this.#sink === null) opened.value.close();
    else if (!gone) {
      this.#port = opened.value;
      this.#watch();
    }
  }

  #again(why: string): void {
    if (this.#sink === null) return;
    this.#timer?.cancel();
    this.#problem = `${this.#options.settings.port}: ${why}`;
    this.#tell(this.#problem);
    this.#timer = this.#options.clock.after(this.#retry.next(), () => void this.#open());
  }

  /** Notices that nothing comes. */
  #watch(): void {
    const { clock, settings } = this.#options;
    this.#timer = clock.after(this.#patienceMs / 3, () => {
      if (clock.monotonicMs() - this.#lastRowMs >= this.#patienceMs) {
        if (this.#port?.moved()) {
          this.#port.close();
          this.#port = null;
          this.#again('now leads to another port, which is opened');
          return;
        }
        this.#problem =
          this.#damage === null
            ? `${settings.port}: nothing comes`
            : `${settings.port}: lines come that cannot be read: ${this.#damage}`;
        this.#tell(this.#problem);
      }
      this.#watch();
    });
  }

  #lines(lines: readonly Line[]): void {
    // Rows that arrived at one instant are placed together.
    let heap: Row[] = [];
    let arrivedMs = 0;
    for (const { text, firstMs } of lines) {
      const parsed: Parsed =
        text === null ? { kind: 'damaged', why: 'a line that is no text' } : this.#parser.parse(text);
      if (parsed.kind === 'damaged') this.#discard(parsed.why);
      if (parsed.kind !== 'row') continue;
      if (heap.length > 0 && firstMs !== arrivedMs) {
        this.#give(heap, arrivedMs);
        heap = [];
      }
      arrivedMs = firstMs;
      heap.push(parsed);
    }
    if (heap.length > 0) this.#give(heap, arrivedMs);
  }

  #give(heap: readonly Row[], arrivedMs: number): void {
    const instants = this.#placing.place(arrivedMs, heap.length);
    for (const [i, { values, unreadable }] of heap.entries()) {
      const monotonicMs = instants[i];
      const sink = this.#sink;
      if (sink === null) return;
      if (typeof monotonicMs !== 'number') {
        this.#discard('lines came in a heap, so that their instants are not known');
        continue;
      }
      const silentRows = this.#silence.before(monotonicMs);
      if (silentRows > 0) sink.silent(silentRows);
      this.#retry.works();
      this.#lastRowMs = arrivedMs;
      this.#damage = null;
      this.#rows++;
      this.#problem = null;
      this.#unreadable = unreadable;
      this.#tell(unreadable.length === 0 ? null : `the line gives no value for ${someOf(unreadable)}`);
      sink.row({ monotonicMs, values });
    }
  }

  #discard(why: string): void {
    this.#discarded++;
    this.#damage = why;
  }

  #tell(problem: string | null): void {
    if (problem === this.#told) return;
    this.#told = problem;
    this.#sink?.problem(problem);
  }
}
