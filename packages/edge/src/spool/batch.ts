// Rows as acquired ↔ rows by column, as the codec takes them. Pure.
// Invariant: instants of a batch are relative to its first row, which is kept beside it.
import { type Column, type DecodedRows, type Rows, sampleAt } from '@vigie/codec';
import type { MachineSchema } from '@vigie/model';
import type { SampledRow } from '../acquire/source.ts';

/** @param rows at least one. */
export function toRows(schema: MachineSchema, rows: readonly SampledRow[]): Rows {
  const startMs = rows[0]?.monotonicMs ?? 0;
  const columns = schema.channels.map(({ kind }, c): Column => {
    if (kind === 'text') {
      return {
        type: 'text',
        values: rows.map(({ values }) => (typeof values[c] === 'string' ? values[c] : null)),
      };
    }
    const values = new Float64Array(rows.length);
    const present = new Uint8Array(rows.length);
    for (const [i, row] of rows.entries()) {
      const value = row.values[c];
      if (typeof value !== 'number') continue;
      values[i] = value;
      present[i] = 1;
    }
    return { type: 'number', values, present: present.includes(0) ? present : null };
  });
  return {
    rowCount: rows.length,
    timesMs: Float64Array.from(rows, (row) => row.monotonicMs - startMs),
    columns,
  };
}

/** @param startMs instant of the batch's first row. */
export function fromRows(decoded: DecodedRows, startMs: number): SampledRow[] {
  return Array.from({ length: decoded.rowCount }, (_, i) => ({
    monotonicMs: startMs + (decoded.timesMs[i] ?? 0),
    values: decoded.columns.map((column) => sampleAt(column, i)),
  }));
}
