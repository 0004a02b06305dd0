// Measures one recording at one block size: peers and Vigie on the same whole blocks of the second half.
// Sizes are exact. Speeds are the best of several runs over all blocks, on one thread, round trip verified before.
import { basename } from 'node:path';
import { PEERS, type Peer, UNFORESEEN } from './peers/index.ts';
import { type BenchRecording, type Block, cut, type Halves } from './recording.ts';
import { type Contender, rowsOf, sameRows, type Vigie } from './vigie.ts';

export interface Size {
  readonly bytesPerRow: number;
  readonly bitsPerSample: number;
}
export interface VigieSize extends Size {
  readonly encodeSamplesPerSecond: number;
  readonly decodeSamplesPerSecond: number;
}

/** One recording at one block size; this shape is the bench's JSON. */
export interface Entry {
  /** Without its folder, which says nothing elsewhere. */
  readonly file: string;
  readonly blockRows: number;
  readonly peers: Readonly<Record<string, Size>>;
  readonly vigie: {
    readonly universal: VigieSize;
    readonly primed: VigieSize;
    /** Sent once, in no block. */
    readonly priorBytes: number;
  };
}

export interface Ratios {
  readonly file: string;
  readonly blockRows: number;
  /** `null`: no peer was measured. */
  readonly bestPeer: string | null;
  readonly universalToBestPeer: number | null;
  readonly primedToBestPeer: number | null;
}

export interface Summary {
  /** Over files, per block size. */
  readonly geometricMeans: readonly {
    readonly blockRows: number;
    readonly files: number;
    readonly universalToBestPeer: number;
    readonly primedToBestPeer: number;
    /** Without the peers that the aims did not foresee; `null`: no other was measured. */
    readonly foreseen: { readonly universalToBestPeer: number; readonly primedToBestPeer: number } | null;
  }[];
  readonly ratios: readonly Ratios[];
  readonly absentPeers: readonly { readonly name: string; readonly reason: string }[];
  readonly notes: readonly string[];
}

const RUNS_LEAST = 5;
const RUNS_MOST = 200;
const RUNNING_MS = 400;

export interface Measuring {
  readonly recording: BenchRecording;
  readonly halves: Halves;
  readonly blockRows: number;
  readonly peers: readonly Peer[];
  readonly vigie: Vigie;
  readonly progress: (what: string) => void;
  readonly nowMs: () => number;
}

/** `null`: the second half is shorter than half a block. */
export function measure({ recording, halves, blockRows, peers, ...options }: Measuring): Entry | null {
  const blocks = cut(recording, blockRows, halves.measured.from, halves.measured.to);
  if (blocks.length === 0) return null;
  const training = cut(recording, blockRows, halves.training.from, halves.training.to);
  const rowCount = blocks.reduce((rows, { from, to }) => rows + to - from, 0);
  const sampleCount = rowCount * recording.columns.length;
  const sizeOf = (bytes: number): Size => ({
    bytesPerRow: bytes / rowCount,
    bitsPerSample: (8 * bytes) / sampleCount,
  });
  const sizes: Record<string, Size> = {};
  for (const peer of peers) {
    options.progress(peer.name);
    const bytes = peer.bytes(blocks, training);
    if (bytes !== null) sizes[peer.name] = sizeOf(bytes);
  }
  const vigieSize = (name: 'universal' | 'primed'): VigieSize => {
    options.progress(`Vigie, ${name}`);
    const run = runVigie(options.vigie[name], blocks, options.nowMs);
    return {
      ...sizeOf(run.bytes),
      encodeSamplesPerSecond: Math.round(sampleCount / (run.encodeMs / 1000)),
      decodeSamplesPerSecond: Math.round(sampleCount / (run.decodeMs / 1000)),
    };
  };
  const vigie = {
    universal: vigieSize('universal'),
    primed: vigieSize('primed'),
    priorBytes: options.vigie.priorBytes,
  };
  return { file: basename(recording.file), blockRows, peers: sizes, vigie };
}

function runVigie(
  { encode, decode }: Contender,
  blocks: readonly Block[],
  nowMs: () => number,
): { readonly bytes: number; readonly encodeMs: number; readonly decodeMs: number } {
  const rows = blocks.map(rowsOf);
  const encoded = rows.map(encode);
  for (const [i, bytes] of encoded.entries()) {
    if (!sameRows(rows[i]!, decode(bytes))) {
      const { recording, from, to } = blocks[i]!;
      throw new Error(`Vigie does not give rows ${from} to ${to - 1} of ${recording.file} back as they were`);
    }
  }
  return {
    bytes: encoded.reduce((total, { length }) => total + length, 0),
    encodeMs: bestMs(() => rows.forEach(encode), nowMs),
    decodeMs: bestMs(() => encoded.forEach(decode), nowMs),
  };
}

function bestMs(run: () => void, nowMs: () => number): number {
  const startedMs = nowMs();
  let best = Number.POSITIVE_INFINITY;
  for (let runs = 0; runs < RUNS_LEAST || (runs < RUNS_MOST && nowMs() - startedMs < RUNNING_MS); runs++) {
    const beforeMs = nowMs();
    run();
    best = Math.min(best, nowMs() - beforeMs);
  }
  return best;
}

export function ratiosOf({ file, blockRows, peers, vigie }: Entry): Ratios {
  const best = Object.entries(peers).sort(([, a], [, b]) => a.bitsPerSample - b.bitsPerSample)[0];
  if (best === undefined) {
    return { file, blockRows, bestPeer: null, universalToBestPeer: null, primedToBestPeer: null };
  }
  const [bestPeer, { bytesPerRow }] = best;
  return {
    file,
    blockRows,
    bestPeer,
    universalToBestPeer: vigie.universal.bytesPerRow / bytesPerRow,
    primedToBestPeer: vigie.primed.bytesPerRow / bytesPerRow,
  };
}

export function summarise(
  entries: readonly Entry[],
  absentPeers: Summary['absentPeers'],
  notes: readonly string[],
): Summary {
  const sizes = [...new Set(entries.map(({ blockRows }) => blockRows))];
  return {
    geometricMeans: sizes.flatMap((blockRows) => {
      const these = entries.filter((entry) => entry.blockRows === blockRows);
      const all = meansOf(these.map(ratiosOf));
      if (all === null) return [];
      const { files, ...means } = all;
      const foreseen = meansOf(these.map((entry) => ratiosOf(foreseenOnly(entry))));
      // A mean over fewer files is no figure beside the other.
      if (foreseen === null || foreseen.files !== files)
        return { blockRows, files, ...means, foreseen: null };
      const { universalToBestPeer, primedToBestPeer } = foreseen;
      return { blockRows, files, ...means, foreseen: { universalToBestPeer, primedToBestPeer } };
    }),
    ratios: entries.map(ratiosOf),
    absentPeers,
    notes,
  };
}

function foreseenOnly(entry: Entry): Entry {
  const peers = Object.entries(entry.peers).filter(([name]) => !UNFORESEEN.includes(name));
  return { ...entry, peers: Object.fromEntries(peers) };
}

function meansOf(ratios: readonly Ratios[]): {
  readonly files: number;
  readonly universalToBestPeer: number;
  readonly primedToBestPeer: number;
} | null {
  const universal = ratios.flatMap(({ universalToBestPeer: ratio }) => ratio ?? []);
  const primed = ratios.flatMap(({ primedToBestPeer: ratio }) => ratio ?? []);
  if (primed.length === 0) return null;
  return {
    files: primed.length,
    universalToBestPeer: geometricMean(universal),
    primedToBestPeer: geometricMean(primed),
  };
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Splits peers into those that run here and those that cannot, with the reason. */
export function presentPeers(wanted: readonly Peer[] = PEERS): {
  readonly present: readonly Peer[];
  readonly absent: Summary['absentPeers'];
} {
  const present: Peer[] = [];
  const absent: { name: string; reason: string }[] = [];
  for (const peer of wanted) {
    const reason = peer.absent();
    if (reason === null) present.push(peer);
    else absent.push({ name: peer.name, reason });
  }
  return { present, absent };
}
