// Learning a prior's structure: columns, streams, relations, instants, all but the tables.
import { type ColumnPrior, overridesOf, type Prior, type UniversalPrior } from './prior.ts';
import type { PriorContent } from './prior-bytes.ts';
import { MAX_TEXTS } from './prior-columns.ts';
import { type Fit, fitPredictor, type Sampled, sampleColumn } from './train-columns.ts';
import { periodOf } from './train-instants.ts';
import { groupColumns, relate } from './train-relations.ts';
import type { CodecSchema, Rows } from './types.ts';

const FITTED_MOST = 60;
const NO_OVERRIDES = overridesOf([], []);

/** A prior in the making: complete but for its tables and what follows from its bytes. */
export type Draft = Omit<PriorContent, 'columns'> &
  Pick<Prior, 'hash' | 'check' | 'fingerprint'> & { readonly columns: readonly ColumnPrior[] };

/** A prior that knows columns, streams and instants but no tables. */
export function fitStructure(
  schema: CodecSchema,
  samples: readonly Rows[],
  pieces: readonly Rows[],
  universal: UniversalPrior,
): Draft {
  const few = spread(pieces, FITTED_MOST);
  const sampled = schema.channels.map((channel, c): Sampled => {
    if (channel.kind !== 'text') return sampleColumn(channel, c, samples, few);
    return {
      decimals: 0,
      digits: 0,
      lattice: { reference: 0, step: 1, ranks: null },
      pieces: few.map(() => null),
      constant: true,
    };
  });
  const fits: Fit[] = sampled.map(({ pieces: places }) => fitPredictor(places));
  const { streams, shared } = groupColumns(sampled, fits);
  const columns: ColumnPrior[] = new Array<ColumnPrior>(schema.channels.length);
  for (const order of streams) {
    order.forEach((c, k) => {
      const { fit, terms, companion } = relate(sampled, fits, shared, order, k);
      fits[c] = fit;
      const { decimals, digits, lattice } = sampled[c]!;
      const { weights } = fit;
      const texts = schema.channels[c]!.kind === 'text' ? usualTexts(samples, c) : [];
      const level = levelOf(fit);
      columns[c] = {
        decimals,
        digits,
        lattice,
        weights,
        terms,
        companion,
        level,
        states: NO_OVERRIDES,
        heads: NO_OVERRIDES,
        texts,
      };
    });
  }
  return {
    streams: streams.map((group) => Uint16Array.from(group)),
    columns,
    instants: {
      lastMs: lastMs(samples),
      period: periodOf(samples, schema.intervalMs),
      plain: NO_OVERRIDES,
      states: NO_OVERRIDES,
    },
    weights: universal.weights.slice(),
    hash: '',
    check: 0,
    fingerprint: 0,
  };
}

function levelOf({ sum, residuals }: Fit): number {
  let rows = 0;
  for (const residual of residuals) rows += residual === null ? 0 : residual.length - 1;
  const mean = Math.floor((sum * 256) / Math.max(1, rows));
  return Math.max(1, Math.min(24, 32 - Math.clz32(mean)));
}

function usualTexts(samples: readonly Rows[], index: number): string[] {
  const seen = new Map<string, number>();
  for (const { columns } of samples) {
    const column = columns[index];
    if (column?.type !== 'text') continue;
    for (const text of column.values) if (text !== null) seen.set(text, (seen.get(text) ?? 0) + 1);
  }
  return [...seen]
    .sort(([, x], [, y]) => y - x)
    .slice(0, MAX_TEXTS)
    .map(([text]) => text)
    .filter((text) => text.length <= 256);
}

function lastMs(samples: readonly Rows[]): number {
  const { timesMs, rowCount } = samples[samples.length - 1]!;
  return timesMs[rowCount - 1]!;
}

/** At most `most`, evenly spread. */
export function spread<T>(all: readonly T[], most: number): T[] {
  const step = Math.max(1, all.length / most);
  return Array.from({ length: Math.min(all.length, most) }, (_, k) => all[Math.floor(k * step)]!);
}
