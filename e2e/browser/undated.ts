// Puts a machine beside the demo fleet whose box was out of reach again and again, through the real store, while the
// server runs: boots 2 and 3, 5 and 7 never met it.
import { join } from 'node:path';
import { encodeBlock } from '@vigie/codec';
import { codecSchema, machineSchemaSchema } from '@vigie/model';
import { schemaHash } from '@vigie/model/load';
import { openStore } from '@vigie/server';

const MINUTE_MS = 60_000;
const SPOOL = '0000000000000001';
const ROWS = 60;

/** Minutes of rows, a row each ten seconds; `atMin`: minutes from the start, `null` where nothing dates it. */
const BOOTS = [
  { boot: 1, atMin: 0, minutes: 100 },
  { boot: 2, atMin: null, minutes: 10 },
  { boot: 3, atMin: null, minutes: 20 },
  { boot: 4, atMin: 180, minutes: 60 },
  { boot: 5, atMin: null, minutes: 10 },
  { boot: 6, atMin: 265, minutes: 40 },
  { boot: 7, atMin: null, minutes: 10 },
] as const;
export const UNDATED_ROWS = 300;

/** @param data of the site. The first row is six hours before `nowMs`. */
export async function addUndatedMachine(data: string, id: string, nowMs: number): Promise<void> {
  const channel = (name: string, chart: boolean) => ({
    ...{ id: name, kind: 'number', names: { fr: name, en: name }, unit: '°C', decimals: 1, chart },
  });
  const schema = machineSchemaSchema.parse({
    model: 'undated',
    names: { fr: 'Essai', en: 'Test' },
    channels: [channel('warm', true), channel('cold', true)],
  });
  const hash = schemaHash(schema);
  const store = await openStore({ folder: join(data, 'server'), database: null }, Date.now);
  await store.createMachine({ id, name: id, site: '', timeZone: 'Europe/Paris', intervalMs: 60_000 });
  await store.putSchema(id, hash, schema);
  await store.setMachineSchema(id, hash);
  const startMs = nowMs - 6 * 60 * MINUTE_MS;
  let sequence = 0;
  for (const { boot, atMin, minutes } of BOOTS) {
    if (atMin !== null) {
      const utcMs = startMs + atMin * MINUTE_MS;
      await store.putAnchor({
        machine: id,
        spool: SPOOL,
        bootNumber: boot,
        monotonicMs: 0,
        utcMs,
        errorMs: 1,
      });
    }
    for (let start = 0; start < minutes; start += 10) {
      const first = sequence;
      const values = (mean: number) =>
        Float64Array.from(
          { length: ROWS },
          (_, i) => Math.round(10 * (mean + Math.sin((first + i) / 90))) / 10,
        );
      const result = await store.append({
        machine: id,
        spool: SPOOL,
        firstSequence: first,
        bootNumber: boot,
        monotonicStartMs: start * MINUTE_MS,
        rowCount: ROWS,
        block: encodeBlock(
          codecSchema(schema),
          {
            rowCount: ROWS,
            timesMs: Float64Array.from({ length: ROWS }, (_, i) => 10_000 * i),
            columns: [35, 28].map((mean) => ({ type: 'number', values: values(mean), present: null })),
          },
          { schemaHash: hash },
        ),
      });
      sequence = result.nextSequence;
    }
  }
  await store.close();
}
