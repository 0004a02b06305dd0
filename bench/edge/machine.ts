// The simulated evaporator run fast: hours of rows from which the edge learns, and days of blocks as it would encode
// them with what it has learnt. Its state goes on in the real simulator afterwards.
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { type Column, encodeBlock, type Prior, type Rows } from '@vigie/codec';
import { codecSchema } from '@vigie/model';
import { type MachineModel, schemaHash } from '@vigie/model/load';
import { createMachine, readRow } from '@vigie/simulator';

export const SEED = 4;
const ROW_MS = 1000;

/**
 * Writes a recording of `hours` that ends now, a row a second, and the machine's state at its end.
 * @returns rows written.
 */
export function recordHours(
  model: MachineModel,
  hours: number,
  nowMs: number,
  files: { readonly csv: string; readonly state: string },
): number {
  const rows = Math.round((hours * 3_600_000) / ROW_MS);
  const endMs = Math.floor(nowMs / ROW_MS) * ROW_MS;
  const machine = createMachine('turbevap', { seed: SEED, utcMs: endMs - rows * ROW_MS });
  const file = openSync(files.csv, 'w');
  writeSync(file, `t,${model.schema.channels.map(({ id }) => id).join(',')}\n`);
  for (let scan = 1; scan <= rows; scan++) {
    machine.step(ROW_MS);
    writeSync(file, `${machine.utcMs},${readRow(machine, model, scan).join(',')}\n`);
  }
  closeSync(file);
  writeFileSync(files.state, JSON.stringify({ scan: rows, machine: machine.snapshot() }));
  return rows;
}

/** Mean bytes of a block of 60 rows over whole days, after a day that is not counted. */
export function bytesPerBlock(model: MachineModel, prior: Prior | null, days: number): number {
  const schema = codecSchema(model.schema);
  const hash = schemaHash(model.schema);
  const machine = createMachine('turbevap', { seed: SEED + 1, utcMs: Date.UTC(2026, 0, 1) });
  let scan = 0;
  const block = (): Rows => {
    const rows = Array.from({ length: 60 }, () => {
      machine.step(ROW_MS);
      return readRow(machine, model, ++scan);
    });
    return {
      rowCount: 60,
      timesMs: Float64Array.from(rows, (_, i) => i * ROW_MS),
      columns: schema.channels.map(
        (_, c): Column => ({
          type: 'number',
          values: Float64Array.from(rows, (row) => row[c] ?? 0),
          present: null,
        }),
      ),
    };
  };
  for (let minute = 0; minute < 1440; minute++) block();
  let bytes = 0;
  for (let minute = 0; minute < days * 1440; minute++) {
    bytes += encodeBlock(schema, block(), { schemaHash: hash, prior }).length;
  }
  return bytes / (days * 1440);
}
