// What a soak run proved: rows stored against the simulator's log, life by life of the edge. Pure.
// Invariants: each served row is counted once, as stored, lost to a kill within what a kill may cost, or lost; each
// stored row is held against the one the log names. Not here: making the faults (soak.ts).
import type { Exported, ServedRow } from './world.ts';

/** The edge commits what it reads within so long. */
const COMMIT_MS = 10_000;
/** A tick, a sync to the disk, and two busy cores. */
export const SLACK_MS = 1500;
/** After a disk refused, the edge tries it again no sooner. */
export const RETRY_MS = 5000;
/**
 * Between the instant the controller answered and the one stored: half of the 200 ms that a read may take, and an
 * anchor from a round trip of 200 ms.
 */
export const MOST_OFF_MS = 200;
const MOST_SENTENCES = 20;

/** A stretch of real time; `toMs` null: it lasts. Unix ms. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** One process of the edge. `stopped`: in order, so that it committed all it had. */
export interface Life extends Span {
  readonly end: 'killed' | 'stopped' | 'lives';
}

export interface Evidence {
  readonly stored: Exported;
  readonly served: readonly ServedRow[];
  /** In the order of time. */
  readonly lives: readonly Life[];
  /** While the disk of the edge was full or read-only. */
  readonly diskFaults: readonly Span[];
  /** While the edge held rows in memory only, where it was killed before all of them were sent. */
  readonly memoryKilled: readonly Span[];
  /** While the edge said that the controller did not answer: it throws such an answer away. */
  readonly silences: readonly Span[];
  /** Scans that the server had shown at some time. */
  readonly shown: ReadonlySet<number>;
  /** Rows in gaps that the edge declared, by reason. */
  readonly declared: Readonly<Record<string, number>>;
}

export interface Verdict {
  readonly rowsServed: number;
  readonly rowsStored: number;
  /** Not committed, or in memory only, when the edge was killed, and within what a kill may cost. */
  readonly lostToKills: number;
  /** Read while the edge said that the controller answered late or badly. */
  readonly readsDiscarded: number;
  /** Missing, and nothing explains it. */
  readonly lost: number;
  /** Runs of such rows. */
  readonly unexplainedGaps: number;
  readonly duplicated: number;
  /** Other values than were served. */
  readonly altered: number;
  /** Out of order, or further off than MOST_OFF_MS. */
  readonly misdated: number;
  readonly worstDatingErrorMs: number;
  /** What is wrong, a sentence each; the first of many. Empty: nothing is. */
  readonly wrong: readonly string[];
}

export function judge(evidence: Evidence): Verdict {
  const wrong: string[] = [];
  const say = (sentence: string): void => {
    if (wrong.length < MOST_SENTENCES) wrong.push(sentence);
  };
  const rows = judgeStored(evidence, say);
  const missing = judgeMissing(evidence, rows.seen, say);
  for (const scan of evidence.shown) {
    if (!rows.seen.has(scan)) say(`scan ${scan} was on the page once and is there no more`);
  }
  for (const [reason, count] of Object.entries(evidence.declared)) {
    const mayBe =
      reason === 'controller-silent' || (reason === 'spool-full' && evidence.diskFaults.length > 0);
    if (!mayBe) say(`the edge declared ${count} rows lost as ${reason}, which nothing here explains`);
  }
  const { seen, ...counts } = rows;
  return {
    rowsServed: evidence.served.length,
    rowsStored: evidence.stored.rows.length,
    ...missing,
    ...counts,
    wrong,
  };
}

function judgeStored({ stored, served }: Evidence, say: (sentence: string) => void) {
  const scanAt = stored.channels.indexOf('scan');
  const byScan = new Map(served.map((row) => [row.scan, row]));
  const seen = new Set<number>();
  const counts = { duplicated: 0, altered: 0, misdated: 0, worstDatingErrorMs: 0 };
  let before = { scan: 0, atMs: Number.NEGATIVE_INFINITY };
  for (const { atMs, values } of stored.rows) {
    const scan = values[scanAt] ?? -1;
    const said = byScan.get(scan);
    if (said === undefined) {
      counts.altered++;
      say(`a row of scan ${scan} is stored, which was never served`);
      continue;
    }
    if (seen.has(scan)) {
      counts.duplicated++;
      say(`scan ${scan} is stored twice`);
      continue;
    }
    seen.add(scan);
    if (!sameValues(values, said.values)) {
      counts.altered++;
      say(`scan ${scan} is stored as ${JSON.stringify(values)}, served were ${JSON.stringify(said.values)}`);
    }
    const off = Math.abs(atMs - said.utcMs);
    counts.worstDatingErrorMs = Math.max(counts.worstDatingErrorMs, off);
    if (off > MOST_OFF_MS) {
      counts.misdated++;
      say(`scan ${scan} is dated ${atMs - said.utcMs} ms off`);
      continue;
    }
    if (atMs <= before.atMs || scan <= before.scan) {
      counts.misdated++;
      say(`scan ${scan} comes after scan ${before.scan}, ${atMs - before.atMs} ms later`);
    }
    before = { scan, atMs };
  }
  return { seen, ...counts };
}

function judgeMissing(evidence: Evidence, seen: ReadonlySet<number>, say: (sentence: string) => void) {
  const { served, lives, silences, memoryKilled } = evidence;
  const counts = { lostToKills: 0, readsDiscarded: 0, lost: 0, unexplainedGaps: 0 };
  let declared = evidence.declared['spool-full'] ?? 0;
  for (const [i, life] of lives.entries()) {
    const from = life.fromMs;
    const to = lives[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    const rows = served.filter(({ utcMs }) => utcMs >= from && utcMs < to);
    const lastStored = rows.findLast(({ scan }) => seen.has(scan))?.scan ?? -1;
    const safeMs = life.end === 'killed' ? committedBy(life, evidence.diskFaults) : Number.POSITIVE_INFINITY;
    // A polite stop may end a read that is under way.
    const cutShort = life.end === 'stopped' ? rows.at(-1)?.scan : undefined;
    let run: ServedRow[] = [];
    const close = (): void => {
      const [first, last] = [run[0], run.at(-1)];
      if (first === undefined || last === undefined) return;
      counts.unexplainedGaps++;
      counts.lost += run.length;
      const when =
        life.toMs === null ? '' : `, ${life.toMs - first.utcMs} ms before the edge was ${life.end}`;
      say(`scans ${first.scan} to ${last.scan} are lost${when}`);
      run = [];
    };
    for (const row of rows) {
      if (seen.has(row.scan)) {
        close();
        continue;
      }
      const wasInMemory = memoryKilled.some((span) => isWithin(row.utcMs, span, SLACK_MS));
      if (wasInMemory || (row.scan > lastStored && row.utcMs >= safeMs)) counts.lostToKills++;
      else if (row.scan === cutShort || silences.some((span) => isWithin(row.utcMs, span, SLACK_MS)))
        counts.readsDiscarded++;
      else if (declared > 0) declared--;
      else {
        run.push(row);
        continue;
      }
      close();
    }
    close();
  }
  return counts;
}

/** Rows read before this instant were durable when the edge was killed. */
function committedBy({ toMs }: Life, diskFaults: readonly Span[]): number {
  let endMs = toMs ?? Number.POSITIVE_INFINITY;
  // What a disk refused was still in memory; faults may follow one another.
  for (const fault of diskFaults.toReversed()) {
    const reachMs = endMs - COMMIT_MS - RETRY_MS - SLACK_MS;
    if (fault.fromMs <= endMs && (fault.toMs ?? endMs) >= reachMs) endMs = fault.fromMs;
  }
  return endMs - COMMIT_MS - SLACK_MS;
}

export function isWithin(ms: number, { fromMs, toMs }: Span, marginMs: number): boolean {
  return ms >= fromMs - marginMs && ms <= (toMs ?? Number.POSITIVE_INFINITY) + marginMs;
}

function sameValues(a: readonly (number | null)[], b: readonly (number | null)[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
