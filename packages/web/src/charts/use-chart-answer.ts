// Asks the server for a chart and keeps the last answer while the next one is on its way.
// Invariant: an answer never replaces a later question's; a failure leaves what is shown as it is.
import type { ChartAnswer } from '@vigie/contract';
import { useEffect, useState } from 'preact/hooks';
import { type FailureCode, failureCode, get } from '../api.ts';

export interface ChartQuestion {
  readonly machine: string;
  readonly channels: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Buckets: one for each CSS pixel. */
  readonly width: number;
}

export interface ChartState {
  readonly answer: ChartAnswer | null;
  readonly failure: FailureCode | null;
  readonly busy: boolean;
  readonly retry: () => void;
}

/** @param question `null`: nothing to ask yet. @param version asks the same again when it changes. */
export function useChartAnswer(question: ChartQuestion | null, version: number): ChartState {
  const [answer, setAnswer] = useState<ChartAnswer | null>(null);
  const [failure, setFailure] = useState<FailureCode | null>(null);
  const [busy, setBusy] = useState(false);
  const [tries, setTries] = useState(0);
  const query =
    question === null
      ? null
      : new URLSearchParams({
          machine: question.machine,
          channels: question.channels.join(','),
          from: String(question.fromMs),
          to: String(question.toMs),
          width: String(question.width),
        }).toString();
  useEffect(() => {
    if (query === null) return;
    const abort = new AbortController();
    setBusy(true);
    get<ChartAnswer>(`/api/chart?${query}`, abort.signal)
      .then((fresh) => {
        setAnswer(fresh);
        setFailure(null);
        setBusy(false);
      })
      .catch((cause: unknown) => {
        const code = failureCode(cause);
        if (code === null) return;
        setFailure(code);
        setBusy(false);
      });
    return () => abort.abort();
  }, [query, version, tries]);
  return { answer, failure, busy, retry: () => setTries(tries + 1) };
}
