// The live stream of one machine: opens it, notices its silence, opens it again with growing pauses.
// Invariant: `failed` is called at once on a socket error and within 40 s of silence, so that old values
// never pass for present ones. Not here: what the events mean for the page (machine/store.ts).
import type { JournalEntry, LinkView, RowView } from '@vigie/contract';
import { backoffMs, silenceMs } from './live-rules.ts';

export interface LiveHandlers {
  row(row: RowView): void;
  link(link: LinkView): void;
  journal(entry: JournalEntry): void;
  /** Alarms of the machine changed. */
  alarm(): void;
  stored(range: { readonly fromMs: number; readonly toMs: number }): void;
  beat(beat: { readonly nowMs: number }): void;
  /** The stream is heard again after it was lost. */
  found(): void;
  /** Nothing is heard any more. Called at each failed attempt. */
  failed(): void;
}

/** @returns closes the stream for good. */
export function openLive(machine: string, handlers: LiveHandlers): () => void {
  let source: EventSource | null = null;
  let attempt = 0;
  let closed = false;
  let lost = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let watchdog: ReturnType<typeof setTimeout> | undefined;

  const heard = (): void => {
    clearTimeout(watchdog);
    watchdog = setTimeout(fail, silenceMs);
    attempt = 0;
    if (lost) {
      lost = false;
      handlers.found();
    }
  };

  const fail = (): void => {
    source?.close();
    source = null;
    clearTimeout(watchdog);
    clearTimeout(retry);
    if (closed) return;
    lost = true;
    handlers.failed();
    retry = setTimeout(open, backoffMs(attempt, Math.random()));
    attempt += 1;
  };

  const on = <Data>(stream: EventSource, event: string, handle: (data: Data) => void): void => {
    stream.addEventListener(event, (message: MessageEvent<string>) => {
      heard();
      handle(JSON.parse(message.data) as Data);
    });
  };

  const open = (): void => {
    clearTimeout(retry);
    clearTimeout(watchdog);
    watchdog = setTimeout(fail, silenceMs);
    const stream = new EventSource(`/api/machines/${encodeURIComponent(machine)}/live`);
    source = stream;
    stream.addEventListener('open', heard);
    stream.addEventListener('error', fail);
    on<RowView>(stream, 'row', handlers.row);
    on<LinkView>(stream, 'link', handlers.link);
    on<JournalEntry>(stream, 'journal', handlers.journal);
    on<{ fromMs: number; toMs: number }>(stream, 'stored', handlers.stored);
    on(stream, 'alarm', handlers.alarm);
    on<{ nowMs: number }>(stream, 'beat', handlers.beat);
  };

  // A phone that comes back from the pocket, or finds its network again, should not wait for the pause.
  const hurry = (): void => {
    if (document.visibilityState === 'visible' && source === null && !closed) {
      attempt = 0;
      open();
    }
  };
  document.addEventListener('visibilitychange', hurry);
  window.addEventListener('online', hurry);
  window.addEventListener('offline', fail);
  open();

  return () => {
    closed = true;
    document.removeEventListener('visibilitychange', hurry);
    window.removeEventListener('online', hurry);
    window.removeEventListener('offline', fail);
    clearTimeout(retry);
    clearTimeout(watchdog);
    source?.close();
  };
}
