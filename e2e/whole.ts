// The verdict on what of a simulated machine was stored, against the log of what its controller served.
// Not here: what happened in between.
import { expect } from 'vitest';
import { isWithin, MOST_OFF_MS, type Span } from './soak-verdict.ts';
import type { Exported, Program, ServedRow } from './world.ts';

/** Rows that an edge killed may not have committed: ten seconds of them, and the one it was reading. */
const MOST_LOST_PER_KILL = 10 * 10 + 1;

/** From an answer that is given too late until the edge says so. */
const LATE_MS = 1000;

export interface Evidence {
  readonly stored: Exported;
  readonly served: readonly ServedRow[];
  /** All that read the controller, one after the other. */
  readonly edges: readonly Program[];
}

/** @param kills scan served last when the edge was killed, of each time */
export function expectWhole({ stored, served, edges }: Evidence, kills: readonly number[]) {
  const scanAt = stored.channels.indexOf('scan');
  const byScan = new Map(served.map((row) => [row.scan, row]));
  const seen = new Set<number>();
  let before = Number.NEGATIVE_INFINITY;
  const offs: number[] = [];
  for (const row of stored.rows) {
    const scan = row.values[scanAt] ?? -1;
    expect(seen.has(scan), `scan ${scan} is stored twice`).toBe(false);
    seen.add(scan);
    const said = byScan.get(scan);
    expect(row.values, `scan ${scan}`).toEqual(said?.values);
    expect(row.atMs, `scan ${scan} comes after the one before`).toBeGreaterThan(before);
    before = row.atMs;
    offs.push(Math.abs(row.atMs - (said?.utcMs ?? 0)));
  }
  expect(Math.max(...offs), 'stored instant against the log').toBeLessThanOrEqual(MOST_OFF_MS);
  // What is missing lies right before a kill, or was answered too late for an edge that says so, and nowhere else.
  const silences = edges.flatMap((edge) => silencesIn(edge.output()));
  const absent = served.filter(({ scan }) => !seen.has(scan));
  const late = absent.filter(({ utcMs }) => silences.some((span) => isWithin(utcMs, span, LATE_MS)));
  const missing = absent.filter((row) => !late.includes(row)).map(({ scan }) => scan);
  console.log(
    `${stored.rows.length} rows, off by ${Math.max(...offs)} ms at most, ${kills.length} kills, ${late.length} answered too late`,
  );
  const ends = [...kills, served.at(-1)?.scan ?? 0];
  const lost = new Map<number, number[]>();
  for (const scan of missing) {
    const end = ends.find((last) => last >= scan) ?? -1;
    lost.set(end, [...(lost.get(end) ?? []), scan]);
  }
  for (const [end, scans] of lost) {
    const tail = Array.from({ length: scans.length }, (_, i) => end - scans.length + 1 + i);
    expect(scans, `lost before the kill at scan ${end}`).toEqual(tail);
    // A polite stop may end a read that is under way.
    const most = kills.includes(end) ? MOST_LOST_PER_KILL : 1;
    expect(scans.length, `lost before the kill at scan ${end}`).toBeLessThanOrEqual(most);
  }
  expect(stored.rows.length, 'enough rows to mean something').toBeGreaterThan(50);
}

/** While an edge said that its controller does not answer. */
function silencesIn(output: string): readonly Span[] {
  const spans: { fromMs: number; toMs: number | null }[] = [];
  for (const [, at = '', said] of output.matchAll(/^(\S+Z) controller: (.*)$/gm)) {
    const open = spans.at(-1)?.toMs === null ? spans.at(-1) : undefined;
    if (said !== 'answers again') {
      if (open === undefined) spans.push({ fromMs: Date.parse(at), toMs: null });
    } else if (open !== undefined) open.toMs = Date.parse(at);
  }
  return spans;
}
