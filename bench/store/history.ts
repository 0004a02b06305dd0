// The rows that every store is given: days of two simulated machines at a row a second, made once as blocks, and read
// from those blocks again for who does not take blocks. The second machine is half of it ahead of the first.
// Invariants: the same values at the same instants for all; it ends with an hour that is over, so that all of it can be
// sealed. Not here: how a store is given them (peers/).
import { decodeBlock, decodePrior } from '@vigie/codec';
import { codecSchema } from '@vigie/model';
import type { MachineModel } from '@vigie/model/load';
import { sum } from '../figures.ts';
import { A_DAY, BLOCK_MS, BLOCK_ROWS, type MachinePrior, Recording, ROW_MS } from '../fleet/recording.ts';

/** That peers are given in a request or a transaction, of both machines. */
export const BATCH_MINUTES = 10;
/** Off the full hour, so that a millisecond of an anchor's error puts no row into another hour. */
const OFFSET_MS = 500;
const HOUR_MS = 3_600_000;
const DAY_BLOCKS = 1440;

export interface HistoryMachine {
  readonly id: string;
  readonly prior: MachinePrior;
  /** Where in the recording its rows begin. */
  readonly from: number;
}

/** Consecutive minutes of one machine. */
export interface Batch {
  /** Of the machine. */
  readonly index: number;
  readonly id: string;
  readonly firstMs: number;
  readonly rowCount: number;
  /** By channel. */
  readonly columns: readonly Float64Array[];
}

export class History {
  readonly recording: Recording;
  readonly machines: readonly HistoryMachine[];
  /** Of each machine. */
  readonly blocks: number;
  readonly channels: readonly string[];
  /** Instant of the first row; the last one is before `toMs`. */
  readonly fromMs: number;
  readonly toMs: number;

  constructor(model: MachineModel, days: number, nowMs: number) {
    this.blocks = Math.round(days * DAY_BLOCKS);
    this.recording = new Recording(model, this.blocks, A_DAY);
    this.channels = model.schema.channels.map(({ id }) => id);
    this.toMs = Math.floor((nowMs - BLOCK_MS) / HOUR_MS) * HOUR_MS;
    this.fromMs = this.toMs - this.blocks * BLOCK_MS + OFFSET_MS;
    this.machines = ['M-00001', 'M-00002'].map((id, i) => ({
      id,
      prior: this.recording.priorOf(id),
      from: i * (this.blocks >> 1),
    }));
  }

  get rowCount(): number {
    return this.machines.length * this.blocks * BLOCK_ROWS;
  }

  get sampleCount(): number {
    return this.rowCount * this.channels.length;
  }

  /** All rows in the order of their instants, as many minutes of both machines at once. */
  *batches(minutes: number): Generator<readonly Batch[]> {
    const schema = codecSchema(this.recording.schema);
    const priors = this.machines.map(({ prior }) => {
      const decoded = decodePrior(prior.bytes, schema);
      if (!decoded.ok) throw new Error(decoded.error.message);
      return decoded.value;
    });
    for (let k = 0; k < this.blocks; k += minutes) {
      const count = Math.min(minutes, this.blocks - k);
      yield this.machines.map((machine, index): Batch => {
        const columns = this.channels.map(() => new Float64Array(count * BLOCK_ROWS));
        for (let i = 0; i < count; i++) {
          const block = this.recording.block(machine.from + k + i, machine.prior);
          const rows = decodeBlock(block, schema, { prior: () => priors[index] ?? null });
          if (!rows.ok) throw new Error(rows.error.message);
          for (const [c, column] of rows.value.columns.entries()) {
            if (column?.type === 'number') columns[c]?.set(column.values, i * BLOCK_ROWS);
          }
        }
        const firstMs = this.fromMs + k * BLOCK_MS;
        return { index, id: machine.id, firstMs, rowCount: count * BLOCK_ROWS, columns };
      });
    }
  }
}

/** Of all machines together. */
export function rowsOf(batches: readonly Batch[]): number {
  return sum(batches.map(({ rowCount }) => rowCount));
}

/** As InfluxDB and VictoriaMetrics take them: a line a row, a field c0, c1, … a channel. */
export function lineProtocol(batches: readonly Batch[]): string {
  const lines: string[] = [];
  for (const { id, firstMs, rowCount, columns } of batches) {
    for (let i = 0; i < rowCount; i++) {
      const fields = columns.map((values, c) => `c${c}=${values[i]}`);
      lines.push(`m,machine=${id} ${fields.join(',')} ${firstMs + i * ROW_MS}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
