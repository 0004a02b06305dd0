// What the page knows of the fleet, as signals: the list, the last visit, the last week of machines in view.
// The list is asked for every 15 s while the page is in view, not streamed: a block comes once a minute, a stream would
// hold a connection for every reader and, to move faster, keep every box of the fleet sending rows one by one. With the
// 20 s that an answer may take, a lost server is noticed within 35 s. Old data stay while new data load.
import { effect, type Signal, signal } from '@preact/signals';
import type { Fleet, Strip, Strips, Visit } from '@vigie/contract';
import { type FailureCode, failureCode, get, send } from '../api.ts';
import { heardServerClock, serverNowMs } from '../clock.ts';
import { serverLostMs } from '../connection.ts';
import { kept, recalledMs, recallMs } from '../offline/kept.ts';
import { session } from '../session/session.ts';

const refreshMs = 15_000;
/** Rather soon again once the server is lost. */
const retryMs = 5000;
const visitMs = 300_000;
const stripMs = 300_000;
/** Of machines that come into view one after the other, the strips are asked for together. */
const gatherMs = 60;
const mostTogether = 30;

export const fleet = signal<Fleet | null>(null);
export const fleetFailure = signal<FailureCode | null>(null);
/** `null`: not known, or the first visit. */
export const visit = signal<Visit | null>(null);

/** `undefined`: on its way; `null`: it cannot be told. */
export type KnownStrip = Strip | null | undefined;
interface Week {
  readonly strip: Signal<KnownStrip>;
  askedMs: number;
}
const weeks = new Map<string, Week>();

// Another account sees other machines.
effect(() => {
  if (session.value.kind === 'in') return;
  fleet.value = null;
  visit.value = null;
  fleetFailure.value = null;
  weeks.clear();
});

async function loadVisit(abort: AbortSignal): Promise<void> {
  try {
    const fresh = await send<Visit>('POST', '/api/visit');
    if (!abort.aborted) visit.value = fresh;
  } catch {
    // The list is what matters; the next time tells.
  }
}

let refresh = (): void => {};
/** At once, and not when its turn comes. */
export function refreshFleet(): void {
  refresh();
}

/** Keeps the list fresh while it is shown. @returns stops it. */
export function watchFleet(): () => void {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let visited: Promise<void> = loadVisit(abort.signal);
  let visitedMs = Date.now();
  let loading = false;
  let isHeard = false;

  /** Without an answer so far: what this page, or this device, knew of it. */
  const recall = (): void => {
    const old = fleet.peek() ?? kept.fleet()?.value;
    if (isHeard || old === undefined) return;
    fleet.value = old;
    serverLostMs.value = old.nowMs;
    recalledMs.value = old.nowMs;
  };
  const recallTimer = setTimeout(recall, recallMs);
  const load = async (): Promise<void> => {
    if (loading) return;
    loading = true;
    clearTimeout(timer);
    try {
      const fresh = await get<Fleet>('/api/machines', abort.signal);
      // Shown together, so that nothing jumps.
      if (fleet.peek() === null) await visited;
      heardServerClock(fresh.nowMs);
      isHeard = true;
      kept.keepFleet(fresh);
      serverLostMs.value = null;
      recalledMs.value = null;
      fleet.value = fresh;
      fleetFailure.value = null;
    } catch (cause) {
      const code = failureCode(cause);
      if (code !== null) {
        serverLostMs.value ??= serverNowMs();
        fleetFailure.value = code;
        if (code === 'unreachable' || code === 'unavailable') recall();
      }
    }
    loading = false;
    if (!abort.signal.aborted) timer = setTimeout(turn, serverLostMs.peek() === null ? refreshMs : retryMs);
  };
  const turn = (): void => {
    if (document.visibilityState !== 'visible') return;
    if (Date.now() - visitedMs > visitMs) {
      visitedMs = Date.now();
      visited = loadVisit(abort.signal);
    }
    void load();
  };
  const lose = (): void => {
    serverLostMs.value ??= serverNowMs();
  };
  document.addEventListener('visibilitychange', turn);
  window.addEventListener('online', turn);
  window.addEventListener('offline', lose);
  refresh = () => void load();
  void load();
  return () => {
    refresh = () => {};
    abort.abort();
    clearTimeout(timer);
    clearTimeout(recallTimer);
    document.removeEventListener('visibilitychange', turn);
    window.removeEventListener('online', turn);
    window.removeEventListener('offline', lose);
    serverLostMs.value = null;
    recalledMs.value = null;
  };
}

function weekOf(machine: string): Week {
  let week = weeks.get(machine);
  if (week === undefined) {
    week = { strip: signal<KnownStrip>(undefined), askedMs: Number.NEGATIVE_INFINITY };
    weeks.set(machine, week);
  }
  return week;
}

export function stripOf(machine: string): Signal<KnownStrip> {
  return weekOf(machine).strip;
}

const asked = new Set<string>();

/** Somebody sees the machine's place: its strip is fetched, unless it is known since minutes ago. */
export function wantStrip(machine: string): void {
  const week = weekOf(machine);
  if (performance.now() - week.askedMs < stripMs) return;
  week.askedMs = performance.now();
  asked.add(machine);
  if (asked.size > 1) return;
  setTimeout(() => {
    const all = [...asked];
    asked.clear();
    for (let i = 0; i < all.length; i += mostTogether) void loadStrips(all.slice(i, i + mostTogether));
  }, gatherMs);
}

async function loadStrips(machines: readonly string[]): Promise<void> {
  try {
    const strips = await get<Strips>(`/api/strips?machines=${machines.map(encodeURIComponent).join(',')}`);
    for (const machine of machines) weekOf(machine).strip.value = strips[machine] ?? null;
  } catch {
    // Asked for again when the list is.
    for (const machine of machines) weekOf(machine).askedMs = Number.NEGATIVE_INFINITY;
  }
}
