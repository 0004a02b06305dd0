// All that one Machine page knows, as signals: the view, the journal, the day behind the gauges, failures.
// Invariants: old data stay while new data load; a row never replaces a newer one; when neither stream nor
// request reaches the server, `serverLostMs` says since when. Not here: drawing, and the chart's own range.

import { signal } from '@preact/signals';
import type { ChartAnswer, Journal, JournalEntry, MachineView, RowView } from '@vigie/contract';
import { alarmsChanged } from '../alarms/alarm-count.ts';
import { type FailureCode, failureCode, get, lastAnswerMs } from '../api.ts';
import { getChart } from '../charts/get-chart.ts';
import { heardServerClock, serverNowMs } from '../clock.ts';
import { serverLostMs } from '../connection.ts';
import { openLive } from '../live.ts';
import { kept, recalledMs, recallMs } from '../offline/kept.ts';
import { mergeJournal } from './journal-merge.ts';

const journalCount = 20;
const dayMs = 86_400_000;
const sparkRefreshMs = 300_000;
const sparkBuckets = 96;

export interface Stored {
  readonly count: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export type MachineStore = ReturnType<typeof createMachineStore>;

export function createMachineStore(id: string) {
  const path = `/api/machines/${encodeURIComponent(id)}`;
  const view = signal<MachineView | null>(null);
  const failure = signal<FailureCode | null>(null);
  const journal = signal<readonly JournalEntry[] | null>(null);
  const journalMore = signal(false);
  const journalFailure = signal<FailureCode | null>(null);
  const day = signal<ChartAnswer | null>(null);
  /** The newest change of what is stored: `count` grows with each; the chart asks again when it shows that time. */
  const stored = signal<Stored>({ count: 0, fromMs: 0, toMs: 0 });
  let abort = new AbortController();
  let stopLive = (): void => {};
  /** The view shown came from the server, not from what is kept. */
  let isHeard = false;

  /** As it was when the server was last heard. */
  function keepView(): void {
    const now = view.peek();
    const heardMs = lastAnswerMs.peek();
    if (isHeard && now !== null && heardMs !== null) kept.keepMachine(now, heardMs);
  }

  /** Without an answer so far: what this device kept of it. */
  function recall(): void {
    if (view.peek() !== null) return;
    const old = kept.machine(id);
    if (old === null) return;
    view.value = old.value;
    serverLostMs.value = old.atMs;
    recalledMs.value = old.atMs;
  }

  /** @returns whether one came, and whether one was shown before it. */
  async function loadView(): Promise<'first' | 'again' | 'none'> {
    try {
      const fresh = await get<MachineView>(path, abort.signal);
      heardServerClock(fresh.nowMs);
      const before = view.peek();
      const known = before?.last ?? null;
      // A live row may be newer than what the answer was made from.
      const last = known !== null && fresh.last !== null && known.atMs > fresh.last.atMs ? known : fresh.last;
      view.value = { ...fresh, last };
      failure.value = null;
      serverLostMs.value = null;
      recalledMs.value = null;
      isHeard = true;
      keepView();
      return before === null ? 'first' : 'again';
    } catch (cause) {
      const code = failureCode(cause);
      if (code === null) return 'none';
      failure.value = code;
      if (code === 'unreachable' || code === 'unavailable') {
        serverLostMs.value ??= serverNowMs();
        recall();
      }
      if (code === 'not-found' || code === 'forbidden') {
        // The server is heard; it has nothing to stream.
        stopLive();
        serverLostMs.value = null;
        recalledMs.value = null;
        kept.forgetMachine(id);
        if (!isHeard) view.value = null;
      }
      return 'none';
    }
  }

  async function loadJournal(older: boolean): Promise<void> {
    const known = journal.peek() ?? [];
    // Entries of the very instant of the oldest one may lie beyond the page: they are asked for too.
    const oldestMs = older ? known.at(-1)?.atMs : undefined;
    const query = `count=${journalCount}${oldestMs === undefined ? '' : `&before=${oldestMs + 1}`}`;
    try {
      const page = await get<Journal>(`${path}/journal?${query}`, abort.signal);
      const first = journal.peek() === null;
      journal.value = mergeJournal(journal.peek() ?? [], page.entries);
      // A refresh of the newest page says nothing about what lies before the oldest entry shown.
      if (older || first) journalMore.value = page.more;
      journalFailure.value = null;
    } catch (cause) {
      journalFailure.value = failureCode(cause) ?? journalFailure.peek();
    }
  }

  async function loadDay(): Promise<void> {
    const schema = view.peek()?.schema;
    const channels =
      schema?.channels.filter(({ gauge }) => gauge !== null).map((channel) => channel.id) ?? [];
    if (channels.length === 0) return;
    const toMs = Math.round(serverNowMs());
    const query = new URLSearchParams({
      machine: id,
      channels: channels.join(','),
      from: String(toMs - dayMs),
      to: String(toMs),
      width: String(sparkBuckets),
      detail: 'curve',
    });
    try {
      day.value = await getChart(query, abort.signal);
    } catch {
      // A gauge without its day is still a gauge; the next refresh tries again.
    }
  }

  function noteStored({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): void {
    stored.value = { count: stored.peek().count + 1, fromMs, toMs };
  }

  async function loadAll(): Promise<void> {
    const [found] = await Promise.all([loadView(), loadJournal(false)]);
    if (found === 'none') return;
    // Everything is to be read again. What is shown because of a first view was read just now.
    if (found === 'again') noteStored({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER });
    await loadDay();
  }

  function acceptRow(row: RowView): void {
    const now = view.peek();
    if (now === null) return;
    if (now.schema === null || row.values.length !== now.schema.channels.length) {
      // The machine has learnt to say more, or other things: its schema must be read before its row.
      void loadAll();
      return;
    }
    if (now.last !== null && row.atMs < now.last.atMs) return;
    view.value = { ...now, last: row };
  }

  /** A phone may never come back to a page that it put away. */
  function keepWhenHidden(): void {
    if (document.visibilityState === 'hidden') keepView();
  }

  /** @returns stops everything. */
  function start(): () => void {
    abort = new AbortController();
    void loadAll();
    const sparkTimer = setInterval(loadDay, sparkRefreshMs);
    const recallTimer = setTimeout(recall, recallMs);
    document.addEventListener('visibilitychange', keepWhenHidden);
    stopLive = openLive(id, {
      row: acceptRow,
      link: (link) => {
        const now = view.peek();
        if (now !== null) view.value = { ...now, link };
      },
      journal: (entry) => {
        journal.value = mergeJournal(journal.peek() ?? [], [entry]);
        // Names, bands and limits may be other ones now.
        if (entry.kind === 'settings-applied') void loadView();
      },
      alarm: () => {
        alarmsChanged.value += 1;
      },
      stored: noteStored,
      beat: (beat) => {
        heardServerClock(beat.nowMs);
        lastAnswerMs.value = serverNowMs();
      },
      found: () => {
        serverLostMs.value = null;
        void loadAll();
      },
      failed: () => {
        serverLostMs.value ??= serverNowMs();
        // The stream alone may be blocked: a plain request then still brings the present, or says "signed out".
        void loadView();
      },
    });
    return () => {
      abort.abort();
      clearInterval(sparkTimer);
      clearTimeout(recallTimer);
      document.removeEventListener('visibilitychange', keepWhenHidden);
      stopLive();
      keepView();
      serverLostMs.value = null;
      recalledMs.value = null;
    };
  }

  return {
    id,
    view,
    failure,
    journal,
    journalMore,
    journalFailure,
    day,
    stored,
    start,
    reload: loadAll,
    olderJournal: () => loadJournal(true),
    retryJournal: () => loadJournal(false),
  };
}
