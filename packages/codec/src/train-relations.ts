// Learning what columns say of one another: which share a stream, in which order, which terms predict a column from
// the ones before it, and which one's residuals are its context. Dependence is measured as mutual information of
// residuals in seven bins; terms are chosen one at a time by what they take off the squared error.
import { solve } from './least-squares.ts';
import { PREDICTORS } from './predictors.ts';
import { MAX_STREAM_COLUMNS } from './prior.ts';
import { MANTISSA_MOST, MAX_TERMS, SHIFT_MOST, TERM_KINDS, type Term, termQuantity } from './relations.ts';
import { type Fit, fitOf, ownWeights, type Sampled, walk } from './train-columns.ts';

/** Bits per row below which two columns are strangers. */
const STRANGERS_BITS = 0.02;
/** Columns further apart in the schema are not compared, so that a thousand of them train in ten seconds. */
const NEIGHBOURS = 64;
/** What a stream may hold: whoever wants its last column decodes all of it. A noisy column counts one. */
const STREAM_LOAD = 2;
/** Below, a column is quiet; above this and three times the schema's median, loud: it leaves less room beside it. */
const QUIET_BITS = 0.2;
const LOUD_BITS = 2;
/** A term must take this share off the error. */
const TERM_GAIN = 0.985;
const TERMS_MOST = 4;

export interface Related {
  readonly fit: Fit;
  readonly terms: readonly Term[];
  readonly companion: number;
}

/** Groups columns into streams, in coding order. */
export function groupColumns(
  columns: readonly Sampled[],
  fits: readonly Fit[],
): {
  readonly streams: number[][];
  readonly shared: readonly Float64Array[];
} {
  const count = columns.length;
  const shared = columns.map(() => new Float64Array(count));
  const pairs: { bits: number; j: number; r: number }[] = [];
  for (let j = 0; j < count; j++) {
    for (let r = Math.max(0, j - NEIGHBOURS); r < j; r++) {
      if (columns[j]!.constant || columns[r]!.constant) continue;
      const bits = mutualInformation(fits[j]!, fits[r]!);
      shared[j]![r] = bits;
      shared[r]![j] = bits;
      if (bits > STRANGERS_BITS) pairs.push({ bits, j, r });
    }
  }
  // Join by the strongest pairs while streams stay small (Kruskal), then fill up streams with what is left.
  pairs.sort((x, y) => y.bits - x.bits);
  const stream = columns.map((_, c) => [c]);
  const loads = loadsOf(columns, fits);
  const fit = (a: readonly number[], b: readonly number[]): boolean =>
    a.length + b.length <= MAX_STREAM_COLUMNS &&
    [...a, ...b].reduce((sum, c) => sum + loads[c]!, 0) <= STREAM_LOAD;
  for (const { j, r } of pairs) {
    const a = stream[j]!;
    const b = stream[r]!;
    if (a === b || !fit(a, b)) continue;
    a.push(...b);
    for (const c of b) stream[c] = a;
  }
  const streams: number[][] = [];
  for (const group of [...new Set(stream)].sort((x, y) => y.length - x.length)) {
    const room = streams.find((other) => fit(other, group));
    if (room === undefined) streams.push([...group]);
    else room.push(...group);
  }
  return { streams: streams.map((group) => inOrder(group, shared)), shared };
}

/** Mean log2(1 + |residual|) of a row: about what it takes to decode. */
function noiseOf({ bits, residuals }: Fit): number {
  const rows = residuals.reduce((sum, residual) => sum + (residual === null ? 0 : residual.length), 0);
  return rows === 0 ? 0 : bits / rows;
}

/** How long each column takes to decode, in usual columns of noise. */
function loadsOf(columns: readonly Sampled[], fits: readonly Fit[]): number[] {
  const noise = fits.map(noiseOf);
  const noisy = noise.filter((bits, c) => !columns[c]!.constant && bits >= QUIET_BITS).sort((x, y) => x - y);
  const loud = Math.max(LOUD_BITS, 3 * (noisy[noisy.length >> 1] ?? 0));
  return columns.map(({ constant }, c) => {
    if (constant) return 0.1;
    const bits = noise[c]!;
    return bits < QUIET_BITS ? 0.3 : bits > loud ? 1.5 : 1;
  });
}

/** The column that tells most first, then always the one most told of by those before it (Prim). */
function inOrder(group: readonly number[], shared: readonly Float64Array[]): number[] {
  const told = (c: number, by: readonly number[]): number => by.reduce((sum, r) => sum + shared[c]![r]!, 0);
  const rest = [...group].sort((x, y) => told(y, group) - told(x, group));
  const order = rest.splice(0, 1);
  while (rest.length > 0) {
    let best = 0;
    let bestBits = -1;
    rest.forEach((c, k) => {
      const bits = Math.max(...order.map((r) => shared[c]![r]!));
      if (bits > bestBits) {
        best = k;
        bestBits = bits;
      }
    });
    order.push(...rest.splice(best, 1));
  }
  return order;
}

/** What column `order[k]` takes from those before it; `fits` are updated as columns are related. */
export function relate(
  columns: readonly Sampled[],
  fits: readonly Fit[],
  shared: readonly Float64Array[],
  order: readonly number[],
  k: number,
): Related {
  const index = order[k]!;
  const alone = fits[index]!;
  if (columns[index]!.constant) return { fit: alone, terms: [], companion: -1 };
  const before = order.slice(0, k).map((c, from) => ({ c, from }));
  const known = before.filter(({ c }) => !columns[c]!.constant && shared[index]![c]! > STRANGERS_BITS / 2);
  const found = chooseTerms(columns, fits, index, known);
  const fit = found?.fit ?? alone;
  let companion = -1;
  let most = STRANGERS_BITS;
  for (const { c, from } of before) {
    if (columns[c]!.constant) continue;
    const bits = mutualInformation(fit, fits[c]!);
    if (bits > most) {
      most = bits;
      companion = from;
    }
  }
  return { fit, terms: found?.terms ?? [], companion };
}

function chooseTerms(
  columns: readonly Sampled[],
  fits: readonly Fit[],
  index: number,
  known: readonly { readonly c: number; readonly from: number }[],
): { readonly fit: Fit; readonly terms: readonly Term[] } | null {
  const own = 5;
  const candidates = known.flatMap(({ c, from }) =>
    Array.from({ length: TERM_KINDS }, (_, kind) => ({ c, from, kind })),
  );
  if (candidates.length === 0) return null;
  const size = own + candidates.length;
  const gram = Array.from({ length: size }, () => new Float64Array(size));
  const right = new Float64Array(size);
  let total = 0;
  const features = new Float64Array(size);
  const { pieces } = columns[index]!;
  pieces.forEach((places, p) => {
    if (places === null || known.some(({ c }) => fits[c]!.residuals[p] === null)) return;
    walk(places, PREDICTORS[0]!, null, (row, _, { d1, d2, d3, pull, way }, difference) => {
      features.set([d1, d2, d3, pull, way]);
      candidates.forEach(({ c, kind }, k) => {
        features[own + k] = quantity(columns, fits, c, p, kind, row);
      });
      const weight = 1 / (1 + Math.abs(difference) + Math.abs(d1));
      for (let a = 0; a < size; a++) {
        const weighed = weight * features[a]!;
        if (weighed === 0) continue;
        const line = gram[a]!;
        for (let b = 0; b < size; b++) line[b]! += weighed * features[b]!;
        right[a]! += weighed * difference;
      }
      total += weight * difference * difference;
    });
  });
  const attempt = (chosen: number[]): { error: number; solved: number[] } | null => {
    const solved = solve(gram, right, chosen);
    if (solved === null) return null;
    return { error: solved.reduce((rest, w, k) => rest - w * right[chosen[k]!]!, total), solved };
  };
  let chosen = [0, 1, 2, 3, 4];
  let best = attempt(chosen);
  if (best === null) return null;
  while (chosen.length < own + Math.min(TERMS_MOST, MAX_TERMS)) {
    let next: { error: number; solved: number[] } | null = null;
    let nextChosen = chosen;
    for (let k = own; k < size; k++) {
      if (chosen.includes(k)) continue;
      const tried = attempt([...chosen, k]);
      if (tried !== null && tried.error < (next?.error ?? best.error * TERM_GAIN)) {
        next = tried;
        nextChosen = [...chosen, k];
      }
    }
    if (next === null) break;
    best = next;
    chosen = nextChosen;
  }
  if (chosen.length === own) return null;
  const { solved } = best;
  const terms = chosen.slice(own).flatMap((k, t) => {
    const { from, kind } = candidates[k - own]!;
    return termOf(from, kind, solved[own + t]!);
  });
  const columnAt = new Map(known.map(({ c, from }) => [from, c]));
  const outers = pieces.map((places, p) => {
    if (places === null || known.some(({ c }) => fits[c]!.residuals[p] === null)) return null;
    return Float64Array.from(places, (_, row) =>
      row === 0
        ? 0
        : terms.reduce(
            (sum, { from, kind, mantissa, shift }) =>
              sum +
              ((mantissa * 1024) / 2 ** shift) * quantity(columns, fits, columnAt.get(from)!, p, kind, row),
            0,
          ),
    );
  });
  const fit = fitOf(pieces, ownWeights(solved), outers);
  return fit.bits < fits[index]!.bits * 0.995 ? { fit, terms } : null;
}

function quantity(
  columns: readonly Sampled[],
  fits: readonly Fit[],
  c: number,
  piece: number,
  kind: number,
  row: number,
): number {
  const values = columns[c]!.pieces[piece]!;
  const residual = fits[c]!.residuals[piece]!;
  return termQuantity(
    kind,
    { values, trace: { residual, activity: NO_ACTIVITY }, related: true, aligned: true },
    row,
    values.length,
  );
}
const NO_ACTIVITY = new Uint8Array(0);

/** A weight as seven bits and a power of two; none when it is nothing. */
function termOf(from: number, kind: number, weight: number): Term[] {
  const magnitude = Math.abs(weight);
  if (!(magnitude > 1e-7)) return [];
  const shift = Math.max(0, Math.min(SHIFT_MOST, 6 - Math.floor(Math.log2(magnitude))));
  const mantissa = Math.max(-MANTISSA_MOST, Math.min(MANTISSA_MOST, Math.round(weight * 2 ** shift)));
  return mantissa === 0 ? [] : [{ from, kind, mantissa, shift }];
}

/** Bits per row that the residual of one tells of the other's in the same row, less what chance would tell. */
function mutualInformation(x: Fit, y: Fit): number {
  const BINS = 7;
  const table = new Float64Array(BINS * BINS);
  let sumX = 0;
  let sumY = 0;
  let count = 0;
  const eachRow = (visit: (x: number, y: number) => void): void => {
    x.residuals.forEach((rx, p) => {
      const ry = y.residuals[p];
      if (rx === null || ry === null || ry === undefined) return;
      for (let i = 1; i < rx.length; i++) visit(rx[i]!, ry[i]!);
    });
  };
  eachRow((ex, ey) => {
    sumX += Math.abs(ex);
    sumY += Math.abs(ey);
    count++;
  });
  if (count === 0) return 0;
  const meanX = Math.max(1, sumX / count);
  const meanY = Math.max(1, sumY / count);
  const bin = (residual: number, mean: number): number => {
    const magnitude = Math.abs(residual);
    if (magnitude === 0) return 0;
    const size = magnitude < mean * 0.5 ? 1 : magnitude <= mean * 1.2 ? 2 : 3;
    return residual < 0 ? size : size + 3;
  };
  eachRow((ex, ey) => {
    table[bin(ex, meanX) * BINS + bin(ey, meanY)]!++;
  });
  const rows = new Float64Array(BINS);
  const columns = new Float64Array(BINS);
  table.forEach((n, k) => {
    rows[Math.floor(k / BINS)]! += n;
    columns[k % BINS]! += n;
  });
  let bits = 0;
  table.forEach((n, k) => {
    if (n > 0)
      bits += (n / count) * Math.log2((n * count) / (rows[Math.floor(k / BINS)]! * columns[k % BINS]!));
  });
  return bits - ((BINS - 1) * (BINS - 1)) / (2 * count * Math.LN2);
}
