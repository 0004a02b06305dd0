// A column in its stream: what it starts from and which of the two ways it is coded, by its channel's kind.
import { MAX_DECIMALS } from './decimal.ts';
import { codeNumberColumn } from './number-column.ts';
import { loadHead } from './prior.ts';
import type { Stream } from './stream.ts';
import { codeTextColumn } from './text-column.ts';
import type { CodecSchema, Column } from './types.ts';

/** Codes the column at place `k` of a stream; `given` is `null` when reading. */
export function codeColumn(
  stream: Stream,
  schema: CodecSchema,
  k: number,
  index: number,
  given: Column | null,
): Column | null {
  const channel = schema.channels[index]!;
  const prior = stream.prior?.columns[index] ?? null;
  const lane = stream.lanes[k]!;
  loadHead(stream.coder, stream.universal, prior);
  if (channel.kind === 'text') {
    lane.related = false;
    lane.aligned = false;
    return codeTextColumn(stream, given?.type === 'text' ? given : null, prior);
  }
  const named = channel.decimals ?? 0;
  const usualDecimals = prior?.decimals ?? (named >= 0 && named <= MAX_DECIMALS ? named : 0);
  return codeNumberColumn(stream, lane, given?.type === 'number' ? given : null, usualDecimals, prior);
}
