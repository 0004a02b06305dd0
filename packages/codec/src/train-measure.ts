// Measuring: samples coded to nowhere under the eyes of watchers, by the very code that writes blocks.
import { consecutive } from './block.ts';
import { Coder, type Watcher } from './coder.ts';
import { codeColumn } from './column.ts';
import { codeInstants } from './instants.ts';
import { loadInstants, loadStream, MAX_STREAM_COLUMNS, type Prior, type UniversalPrior } from './prior.ts';
import { Scratch } from './stream.ts';
import { type CodecSchema, MAX_BLOCK_TEXT, type Rows } from './types.ts';

const coder = new Coder();
const scratch = new Scratch();

/** Codes a piece to nowhere, under the eyes of a watcher per column (−1: the instants). */
export function measure(
  schema: CodecSchema,
  rows: Rows,
  prior: Prior | null,
  universal: UniversalPrior,
  watch: (column: number) => Watcher | null,
  after?: (coder: Coder) => void,
): void {
  const { rowCount, columns } = rows;
  coder.measure(null);
  const stream = scratch.stream(coder, universal, prior, rowCount, MAX_STREAM_COLUMNS, MAX_BLOCK_TEXT);
  const groups = prior?.streams ?? consecutive(columns.length);
  groups.forEach((group, g) => {
    loadStream(coder, universal, prior);
    coder.watcher = watch(-1);
    if (g === 0) {
      loadInstants(coder, universal, prior);
      codeInstants(coder, rows.timesMs.slice(), rowCount, schema.intervalMs, prior?.instants ?? null);
      after?.(coder);
    }
    stream.kindsBefore.fill(0, 0, rowCount);
    for (let k = 0; k < group.length; k++) {
      const index = group[k]!;
      coder.watcher = watch(index);
      codeColumn(stream, schema, k, index, columns[index]!);
      after?.(coder);
    }
  });
}
