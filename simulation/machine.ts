// The simulated controller, and the truth: which rows it gave, when that really was, and what each of them held.
// Invariant: a row's samples follow from its number alone (channel `scan`), so that any stored row can be checked.
import type { BootAxis, RowSink, Source, SourceState } from '@vigie/edge';
import { type MachineSchema, machineSchemaSchema } from '@vigie/model';
import type { Clock, Timer } from '@vigie/protocol';

const models = new Map<number, MachineSchema>();

/** A model as the maker might ship it; `version` changes the schema and so its hash. */
export function modelOf(version: number): MachineSchema {
  const model = models.get(version) ?? newModel(version);
  models.set(version, model);
  return model;
}

function newModel(version: number): MachineSchema {
  return machineSchemaSchema.parse({
    model: `simulated-${version}`,
    names: { fr: 'Simulée', en: 'Simulated' },
    channels: [
      { id: 'scan', kind: 'counter', decimals: 0, names: { fr: 'Lectures', en: 'Reads' } },
      {
        id: 'temperature',
        kind: 'number',
        decimals: 1,
        names: { fr: 'Température', en: 'Temperature' },
        // Crossed now and then, so that blocks also leave at once.
        limits: { alarmLow: null, warningLow: null, warningHigh: null, alarmHigh: 30 },
      },
      { id: 'pump', kind: 'boolean', decimals: 0, names: { fr: 'Pompe', en: 'Pump' } },
      ...(version % 2 === 1
        ? [{ id: 'extra', kind: 'number', decimals: 2, names: { fr: 'De plus', en: 'Extra' } }]
        : []),
    ],
  });
}

/** What the row of that number holds, in the order of the model's channels. */
export function valuesOf(scan: number, channels: number): (number | null)[] {
  const noise = Math.imul(scan + 1, 0x9e3779b1) >>> 16;
  const all = [
    scan,
    noise % 17 === 0 ? null : Math.round(200 + 100 * Math.sin(scan / 40) + (noise % 7)) / 10,
    (scan >> 4) & 1,
    (noise % 100) / 100,
  ];
  return all.slice(0, channels);
}

export interface TrueRow {
  /** When the controller gave it. */
  readonly utcMs: number;
  /** The same instant on the box's own clock, which stands still while it sleeps. */
  readonly awakeMs: number;
  /** Number of the process that took it. */
  readonly process: number;
}

/** Every row ever given; the index is its number. */
export class Truth {
  readonly rows: TrueRow[] = [];
}

export class SimulatedSource implements Source {
  readonly ends = false;
  readonly schema: MachineSchema;
  readonly axis: BootAxis;
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #trueClock: Clock;
  readonly #awakeMs: () => number;
  readonly #truth: Truth;
  readonly #process: number;
  #sink: RowSink | null = null;
  #timer: Timer | null = null;
  #silentUntilMs = 0;
  #missed = 0;
  #lastMs = -1;
  #rows = 0;

  constructor(options: {
    schema: MachineSchema;
    axis: BootAxis;
    intervalMs: number;
    clock: Clock;
    trueClock: Clock;
    awakeMs: () => number;
    truth: Truth;
    process: number;
  }) {
    this.schema = options.schema;
    this.axis = options.axis;
    this.#intervalMs = options.intervalMs;
    this.#clock = options.clock;
    this.#trueClock = options.trueClock;
    this.#awakeMs = options.awakeMs;
    this.#truth = options.truth;
    this.#process = options.process;
  }

  start(sink: RowSink): void {
    this.#sink = sink;
    this.#schedule();
  }

  state(): SourceState {
    return { problem: null, unreadable: [], rows: this.#rows, failedPolls: 0 };
  }

  stop(): void {
    this.#sink = null;
    this.#timer?.cancel();
  }

  /** The controller is off for so long. */
  silence(ms: number): void {
    this.#silentUntilMs = this.#clock.monotonicMs() + ms;
  }

  #schedule(): void {
    const nowMs = this.#clock.monotonicMs();
    const gridMs = (Math.floor(nowMs / this.#intervalMs) + 1) * this.#intervalMs;
    this.#timer = this.#clock.after(gridMs - nowMs, () => {
      this.#read(gridMs);
      if (this.#sink !== null) this.#schedule();
    });
  }

  #read(gridMs: number): void {
    const sink = this.#sink;
    if (sink === null) return;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#silentUntilMs) {
      this.#missed++;
      return;
    }
    // After the box slept the grid lies far behind; as from a real controller, the row is of now.
    const monotonicMs = nowMs - gridMs < 50 ? gridMs : Math.round(nowMs);
    // A timer may fire early, and then again.
    if (monotonicMs <= this.#lastMs) return;
    this.#lastMs = monotonicMs;
    if (this.#missed > 0) sink.silent(this.#missed);
    this.#missed = 0;
    const scan = this.#truth.rows.length;
    this.#truth.rows.push({
      utcMs: this.#trueClock.utcMs(),
      awakeMs: this.#awakeMs(),
      process: this.#process,
    });
    this.#rows++;
    sink.row({ monotonicMs, values: valuesOf(scan, this.schema.channels.length) });
  }
}
