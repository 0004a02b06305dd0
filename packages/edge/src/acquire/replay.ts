// Replays a recording as if it were a controller, at `speed` times its pace (0: as fast as rows are taken).
// Invariants: a replay is a boot of its own, whose axis starts at the recording's first row; its anchor says so
// exactly, so that every row is stored at the instant the file gives, whatever the speed; the same file continues
// where an earlier run was interrupted. Not here: reading the file (csv.ts).
import type { Outcome } from '@vigie/config';
import type { MachineSchema } from '@vigie/model';
import type { Clock, Timer } from '@vigie/protocol';
import type { Recording } from './csv.ts';
import type { BootAxis, RowSink, Source, SourceState } from './source.ts';

/** Rows handed over in one go, between which the rest of the agent gets its turn. */
const ROWS_AT_ONCE = 500;
const REST_MS = 200;

export class ReplaySource implements Source {
  readonly schema: MachineSchema;
  readonly axis: BootAxis;
  readonly #recording: Recording;
  /** For each channel its column in the recording; −1: none. */
  readonly #columns: readonly number[];
  readonly #speed: number;
  readonly #clock: Clock;
  #next = 0;
  #startedMs = 0;
  #firstMs = 0;
  #rows = 0;
  #timer: Timer | null = null;

  constructor(options: {
    recording: Recording;
    schema: MachineSchema;
    columns: readonly number[];
    speed: number;
    clock: Clock;
  }) {
    this.#recording = options.recording;
    this.schema = options.schema;
    this.#columns = options.columns;
    this.#speed = options.speed;
    this.#clock = options.clock;
    const originMs = options.recording.timesMs[0] ?? 0;
    this.axis = {
      bootId: `replay-${options.recording.sha256.slice(0, 16)}`,
      nowMs: () => Math.max(0, Math.round(this.#clock.utcMs()) - originMs),
      anchor: ({ utcMs }) => ({ monotonicMs: Math.max(0, utcMs - originMs), utcMs: Math.max(utcMs, originMs), errorMs: 0 }),
    };
  }

  get progress(): { readonly done: number; readonly of: number } {
    return { done: this.#next, of: this.#recording.rowCount };
  }

  start(sink: RowSink, done: number): void {
    this.#next = Math.min(done, this.#recording.rowCount);
    this.#startedMs = this.#clock.monotonicMs();
    this.#firstMs = this.#recording.timesMs[this.#next] ?? 0;
    this.#give(sink);
  }

  state(): SourceState {
    return { problem: null, rows: this.#rows, failedPolls: 0 };
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #give(sink: RowSink): void {
    const { timesMs, rowCount } = this.#recording;
    const playedMs = (this.#clock.monotonicMs() - this.#startedMs) * this.#speed;
    let given = 0;
    while (this.#next < rowCount && given < ROWS_AT_ONCE && sink.wantsMore()) {
      const timeMs = timesMs[this.#next] ?? 0;
      if (this.#speed > 0 && timeMs - this.#firstMs > playedMs) break;
      sink.row({ monotonicMs: timeMs - (timesMs[0] ?? 0), values: this.#values(this.#next) });
      this.#next++;
      this.#rows++;
      given++;
    }
    if (this.#next >= rowCount) {
      sink.ended();
      return;
    }
    let waitMs = given === ROWS_AT_ONCE ? 0 : REST_MS;
    if (this.#speed > 0 && given < ROWS_AT_ONCE) {
      const dueMs = ((timesMs[this.#next] ?? 0) - this.#firstMs - playedMs) / this.#speed;
      waitMs = Math.min(Math.max(dueMs, 1), 60_000);
    }
    this.#timer = this.#clock.after(waitMs, () => this.#give(sink));
  }

  #values(row: number): (number | null)[] {
    const { cells, columns } = this.#recording;
    return this.#columns.map((column) => {
      const value = column < 0 ? Number.NaN : (cells[row * columns.length + column] ?? Number.NaN);
      return Number.isNaN(value) ? null : value;
    });
  }
}

export interface ReplaySchema {
  readonly schema: MachineSchema;
  readonly columns: readonly number[];
  /** Headers that are no channel id, and the id each got. */
  readonly renamed: readonly { readonly header: string; readonly id: string }[];
}

/** The schema a recording implies. */
export function schemaOfRecording(recording: Recording): ReplaySchema {
  const taken = new Set<string>();
  const renamed: { header: string; id: string }[] = [];
  const channels = recording.columns.map(({ header, decimals }): MachineSchema['channels'][number] => {
    const id = channelId(header, taken);
    taken.add(id);
    if (id !== header) renamed.push({ header, id });
    const name = header.slice(0, 80);
    return {
      id,
      kind: 'number',
      names: { fr: name, en: name },
      unit: '',
      decimals,
      gauge: null,
      chart: false,
      scale: null,
      band: null,
      limits: null,
      activeStates: null,
      setpoint: null,
      states: null,
    };
  });
  const schema: MachineSchema = {
    model: 'csv',
    names: { fr: 'Enregistrement', en: 'Recording' },
    stateChannel: null,
    intervalMs: usualIntervalMs(recording.timesMs),
    cutMs: 3_600_000,
    channels,
  };
  return { schema, columns: channels.map((_, i) => i), renamed };
}

/** A recording of a machine whose model is known: its headers are the model's channel ids. */
export function schemaOfModel(file: string, recording: Recording, schema: MachineSchema): Outcome<ReplaySchema> {
  const stranger = recording.columns.find(({ header }) => !schema.channels.some(({ id }) => id === header));
  if (stranger !== undefined) {
    return { ok: false, message: `${file}:1:1: the model ${schema.model} has no channel «${stranger.header}»` };
  }
  const columns = schema.channels.map(({ id }) => recording.columns.findIndex(({ header }) => header === id));
  return { ok: true, value: { schema, columns, renamed: [] } };
}

function channelId(header: string, taken: ReadonlySet<string>): string {
  const plain = header
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  // An id that fits stays as it is, underscores included.
  const kept = /^[a-z][a-z0-9_]{0,31}$/.test(header) ? header : /^[a-z]/.test(plain) ? plain : `c_${plain}`;
  let id = kept.slice(0, 32);
  for (let n = 2; taken.has(id); n++) id = `${kept.slice(0, 31 - String(n).length)}_${n}`;
  return id;
}

/** The median time between two rows, of the first thousand. */
function usualIntervalMs(timesMs: Float64Array): number {
  const steps: number[] = [];
  for (let i = 1; i < Math.min(1000, timesMs.length); i++) steps.push((timesMs[i] ?? 0) - (timesMs[i - 1] ?? 0));
  steps.sort((a, b) => a - b);
  return Math.min(86_400_000, Math.max(10, steps[steps.length >> 1] ?? 1000));
}
