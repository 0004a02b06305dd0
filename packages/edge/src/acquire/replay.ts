// Replays a recording as if it were a controller, at `speed` times its pace (0: as fast as rows are taken).
// Invariants: a replay is a boot of its own, whose axis starts at the recording's first row; its anchor says so
// exactly, so that every row is stored at the instant the file gives, whatever the speed; the same file continues
// where an earlier run was interrupted. Not here: reading the file (csv.ts).
import type { Outcome } from '@vigie/config';
import type { MachineSchema } from '@vigie/model';
import type { Clock, Timer } from '@vigie/protocol';
import type { Recording } from './csv.ts';
import type { BootAxis, RowSink, SampledRow, Source, SourceState } from './source.ts';

/** Rows handed over in one go, between which the rest of the agent gets its turn. */
const ROWS_AT_ONCE = 500;
const REST_MS = 50;

/** A row of a recording. */
export interface DatedRow {
  /** Unix ms. */
  readonly atMs: number;
  readonly values: SampledRow['values'];
}

export interface ReplayOptions {
  readonly schema: MachineSchema;
  /** The same for the same recording: an interrupted replay goes on where it was. */
  readonly bootId: string;
  /** Instant of the first row, Unix ms. */
  readonly originMs: number;
  /** In increasing time. */
  readonly rows: Iterable<DatedRow>;
  /** Times the recording's own pace; 0: as fast as rows are taken. */
  readonly speed: number;
  readonly clock: Clock;
}

export class ReplaySource implements Source {
  readonly schema: MachineSchema;
  readonly axis: BootAxis;
  readonly ends = true;
  readonly #options: ReplayOptions;
  readonly #iterator: Iterator<DatedRow>;
  #next: DatedRow | null = null;
  #startedMs = 0;
  #firstMs = 0;
  #rows = 0;
  #timer: Timer | null = null;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.schema = options.schema;
    this.#iterator = options.rows[Symbol.iterator]();
    const { originMs, clock } = options;
    this.axis = {
      bootId: options.bootId,
      nowMs: () => Math.max(0, Math.round(clock.utcMs()) - originMs),
      // The axis is the recording's own time, whatever the server's clock says.
      anchor: ({ utcMs }) => ({
        monotonicMs: Math.max(0, utcMs - originMs),
        utcMs: Math.max(utcMs, originMs),
        errorMs: 0,
      }),
    };
  }

  start(sink: RowSink, done: number): void {
    this.#advance();
    for (let i = 0; i < done && this.#next !== null; i++) this.#advance();
    this.#startedMs = this.#options.clock.monotonicMs();
    this.#firstMs = this.#next?.atMs ?? 0;
    this.#give(sink);
  }

  state(): SourceState {
    return { problem: null, rows: this.#rows, failedPolls: 0, unreadable: [] };
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #advance(): void {
    const next = this.#iterator.next();
    this.#next = next.done ? null : next.value;
  }

  #give(sink: RowSink): void {
    const { speed, clock, originMs } = this.#options;
    const playedMs = (clock.monotonicMs() - this.#startedMs) * speed;
    let given = 0;
    while (this.#next !== null && given < ROWS_AT_ONCE && sink.wantsMore()) {
      const { atMs, values } = this.#next;
      if (speed > 0 && atMs - this.#firstMs > playedMs) break;
      sink.row({ monotonicMs: atMs - originMs, values });
      this.#advance();
      this.#rows++;
      given++;
    }
    if (this.#next === null) {
      sink.ended();
      return;
    }
    let waitMs = given === ROWS_AT_ONCE ? 0 : REST_MS;
    if (speed > 0 && given < ROWS_AT_ONCE) {
      const dueMs = (this.#next.atMs - this.#firstMs - playedMs) / speed;
      waitMs = Math.min(Math.max(dueMs, 1), 60_000);
    }
    this.#timer = clock.after(waitMs, () => this.#give(sink));
  }
}

/** @param columns for each channel its column in the recording; −1: none. */
export function* recordedRows(recording: Recording, columns: readonly number[]): Generator<DatedRow> {
  const width = recording.columns.length;
  for (let row = 0; row < recording.rowCount; row++) {
    const values = columns.map((column) => {
      const value = column < 0 ? Number.NaN : (recording.cells[row * width + column] ?? Number.NaN);
      return Number.isNaN(value) ? null : value;
    });
    yield { atMs: recording.timesMs[row] ?? 0, values };
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
      wrapsAt: null,
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
export function schemaOfModel(
  file: string,
  recording: Recording,
  schema: MachineSchema,
): Outcome<ReplaySchema> {
  const stranger = recording.columns.find(({ header }) => !schema.channels.some(({ id }) => id === header));
  if (stranger !== undefined) {
    return {
      ok: false,
      message: `${file}:1:1: the model ${schema.model} has no channel «${stranger.header}»`,
    };
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
  for (let i = 1; i < Math.min(1000, timesMs.length); i++)
    steps.push((timesMs[i] ?? 0) - (timesMs[i - 1] ?? 0));
  steps.sort((a, b) => a - b);
  return Math.min(86_400_000, Math.max(10, steps[steps.length >> 1] ?? 1000));
}
