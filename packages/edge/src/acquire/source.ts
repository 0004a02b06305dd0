// What rows come from: a controller, or a recording that stands for one.
// Invariants: rows come in increasing time of one boot; a poll that failed gives no row, never a false one.
// Not here: how rows are kept.
import type { MachineSchema } from '@vigie/model';

/** One sample per channel of the schema, in its order; `null` = missing. */
export interface SampledRow {
  /** Whole ms of the boot's monotonic axis. */
  readonly monotonicMs: number;
  readonly values: readonly (number | string | null)[];
}

export interface SourceState {
  /** `null`: it answers. Else what is wrong, in words. */
  readonly problem: string | null;
  readonly rows: number;
  /** Polls, or lines, that gave no row. */
  readonly failedPolls: number;
  /** Channels of the last row whose value could not be read, by id; a sensor that says it is broken is none. */
  readonly unreadable: readonly string[];
}

export interface RowSink {
  row(row: SampledRow): void;
  /** The controller did not answer for so long that it must be told: rows that would have come before the next. */
  silent(rows: number): void;
  /** False while so much waits to be sent that a source able to wait should. */
  wantsMore(): boolean;
  /** What is wrong with the source changed; `null`: nothing any more. */
  problem(message: string | null): void;
  /** No row will come any more. */
  ended(): void;
}

/** The time axis on which a source's rows lie. */
export interface BootAxis {
  /** Same id = same axis: of the kernel's boot for a controller, of the file for a recording. */
  readonly bootId: string;
  /** Present instant on the axis, as far as the edge can know it. */
  nowMs(): number;
  /** Where on the axis the server's `utcMs` lies, learnt between two instants of the edge's monotonic clock. */
  anchor(exchange: { readonly sentMs: number; readonly answeredMs: number; readonly utcMs: number }): {
    readonly monotonicMs: number;
    readonly utcMs: number;
    readonly errorMs: number;
  };
}

export interface Source {
  readonly schema: MachineSchema;
  readonly axis: BootAxis;
  /** Its rows come as fast as they are acknowledged and end some time: a recording. A controller's do not. */
  readonly ends: boolean;
  /** @param done rows of this boot that an earlier run of the agent has kept already. */
  start(sink: RowSink, done: number): void;
  state(): SourceState;
  stop(): void;
}

/** A few names, and how many more. */
export function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length <= 5 ? shown : `${shown} and ${names.length - 5} more`;
}
