// What happened to the machines that somebody may see since an instant, in three facts: alarms, silences, new machines.
// Not here: when a visit ends (accounts/), in which words it is told (the page).
import type { Visit } from '@vigie/contract';
import type { NewsSince, Store } from '../store/store.ts';
import { SILENT_MS } from './strip.ts';

/** Of what is longer ago nobody needs to be told on the first line of a page. */
const LONGEST_AWAY_MS = 60 * 86_400_000;

/** @param isVisible whose news may be told */
export async function visitOf(
  store: Pick<Store, 'newsSince'>,
  sinceMs: number | null,
  nowMs: number,
  isVisible: (machine: string) => boolean,
): Promise<Visit> {
  if (sinceMs === null) return { sinceMs, alarms: 0, alarmed: [], silenced: [], appeared: [] };
  const fromMs = Math.max(sinceMs, nowMs - LONGEST_AWAY_MS);
  const news = await store.newsSince(fromMs);
  const entries = news.entries.filter(({ machine }) => isVisible(machine));
  const counts = new Map<string, number>();
  for (const { machine, kind } of entries) {
    if (kind === 'limit-crossed') counts.set(machine, (counts.get(machine) ?? 0) + 1);
  }
  return {
    sinceMs: fromMs,
    alarms: [...counts.values()].reduce((sum, count) => sum + count, 0),
    alarmed: [...counts].sort((a, b) => b[1] - a[1]).map(([machine]) => machine),
    silenced: silencedIn(entries, nowMs),
    appeared: news.appeared.filter(isVisible),
  };
}

/** A box that came back sooner was never silent. */
function silencedIn(entries: NewsSince['entries'], nowMs: number): string[] {
  const silenced = new Set<string>();
  /** When boxes went that are not back yet. */
  const away = new Map<string, number>();
  for (const { machine, atMs, kind } of entries) {
    if (kind === 'edge-disconnected') away.set(machine, atMs);
    if (kind !== 'edge-connected') continue;
    if (atMs - (away.get(machine) ?? atMs) > SILENT_MS) silenced.add(machine);
    away.delete(machine);
  }
  for (const [machine, sinceMs] of away) if (nowMs - sinceMs > SILENT_MS) silenced.add(machine);
  return [...silenced];
}
