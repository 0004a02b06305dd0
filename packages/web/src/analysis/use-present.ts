// The present of a page without a live stream: asks again as the range needs it, and notices when the server is lost.
// Invariant: within 40 s of silence, and at once when the device says that it is offline, `serverLostMs` says since when.
import { useEffect, useState } from 'preact/hooks';
import { failureCode, get, lastAnswerMs } from '../api.ts';
import { serverNowMs } from '../clock.ts';
import { reloadCount, serverLostMs } from '../connection.ts';

const leastPauseMs = 30_000;
const silenceMs = 15_000;
const lookMs = 5000;

export interface Present {
  readonly nowMs: number;
  /** Changes when everything is to be asked again. */
  readonly version: number;
}

/** @param spanMs of the range that follows the present; `null`: none does. */
export function usePresent(spanMs: number | null): Present {
  const [present, setPresent] = useState<Present>(() => ({ nowMs: Math.round(serverNowMs()), version: 0 }));
  const again = (): void =>
    setPresent((before) => ({ nowMs: Math.round(serverNowMs()), version: before.version + 1 }));
  const reloads = reloadCount.value;
  useEffect(() => {
    if (reloads > 0) again();
  }, [reloads]);
  useEffect(() => {
    if (spanMs === null) return;
    // A bucket of a thousand: sooner, nothing could be seen of it.
    const timer = setInterval(
      () => {
        if (document.visibilityState === 'visible') again();
      },
      Math.max(leastPauseMs, spanMs / 1000),
    );
    return () => clearInterval(timer);
  }, [spanMs]);
  useEffect(() => {
    const abort = new AbortController();
    let asking = false;
    const ask = async (): Promise<void> => {
      if (asking) return;
      asking = true;
      try {
        await get('/api/me', abort.signal);
        const wasLost = serverLostMs.peek() !== null;
        serverLostMs.value = null;
        if (wasLost) again();
      } catch (cause) {
        const code = failureCode(cause);
        if (code === 'unreachable' || code === 'unavailable') serverLostMs.value ??= serverNowMs();
      } finally {
        asking = false;
      }
    };
    const timer = setInterval(() => {
      const silentMs = serverNowMs() - (lastAnswerMs.peek() ?? 0);
      if (silentMs > silenceMs || serverLostMs.peek() !== null) void ask();
    }, lookMs);
    const lost = (): void => {
      serverLostMs.value ??= serverNowMs();
    };
    const found = (): void => void ask();
    window.addEventListener('offline', lost);
    window.addEventListener('online', found);
    return () => {
      abort.abort();
      clearInterval(timer);
      window.removeEventListener('offline', lost);
      window.removeEventListener('online', found);
      serverLostMs.value = null;
    };
  }, []);
  return present;
}
