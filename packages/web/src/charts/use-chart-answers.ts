// Asks the server for the charts of several tracks, each on its own, and keeps the last answer of each while the next one is
// on its way. Invariants: an answer never replaces a later question's; a track that fails leaves the others, and what was
// shown of it, as they are.
import type { ChartAnswer } from '@vigie/contract';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type FailureCode, failureCode } from '../api.ts';
import { getChart } from './get-chart.ts';

export interface ChartQuestion {
  /** Of the track; its answer is kept under it. */
  readonly key: string;
  readonly machine: string;
  readonly channels: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Buckets: one for each CSS pixel. */
  readonly width: number;
}

export interface ChartAnswers {
  readonly answers: ReadonlyMap<string, ChartAnswer>;
  readonly failures: ReadonlyMap<string, FailureCode>;
  readonly busy: ReadonlySet<string>;
  readonly retry: () => void;
}

interface Asked {
  readonly query: string;
  readonly abort: AbortController;
}

function queryOf({ machine, channels, fromMs, toMs, width }: ChartQuestion): string {
  return new URLSearchParams({
    machine,
    channels: channels.join(','),
    from: String(fromMs),
    to: String(toMs),
    width: String(width),
    detail: 'curve',
  }).toString();
}

/** @param version asks the same again when it changes. */
export function useChartAnswers(questions: readonly ChartQuestion[], version: number): ChartAnswers {
  const [answers, setAnswers] = useState<ReadonlyMap<string, ChartAnswer>>(new Map());
  const [failures, setFailures] = useState<ReadonlyMap<string, FailureCode>>(new Map());
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const [tries, setTries] = useState(0);
  const asked = useRef(new Map<string, Asked>());
  const wanted = questions.map((question) => [question.key, queryOf(question)] as const);

  useEffect(() => {
    const keys = new Set(wanted.map(([key]) => key));
    for (const [key, { abort }] of asked.current) {
      if (keys.has(key)) continue;
      abort.abort();
      asked.current.delete(key);
    }
    const kept = <Value>(before: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> =>
      [...before.keys()].every((key) => keys.has(key))
        ? before
        : new Map([...before].filter(([key]) => keys.has(key)));
    setAnswers(kept);
    setFailures(kept);
    setBusy((before) => new Set([...before].filter((key) => keys.has(key))));
    for (const [key, query] of wanted) {
      const stamp = `${query} ${version} ${tries}`;
      const before = asked.current.get(key);
      if (before?.query === stamp) continue;
      before?.abort.abort();
      const abort = new AbortController();
      asked.current.set(key, { query: stamp, abort });
      setBusy((others) => new Set([...others, key]));
      const settled = (failure: FailureCode | null): void => {
        setBusy((others) => new Set([...others].filter((other) => other !== key)));
        setFailures((others) => {
          if (failure === null && !others.has(key)) return others;
          const next = new Map(others);
          if (failure === null) next.delete(key);
          else next.set(key, failure);
          return next;
        });
      };
      getChart(query, abort.signal)
        .then((fresh) => {
          setAnswers((others) => new Map([...others, [key, fresh]]));
          settled(null);
        })
        .catch((cause: unknown) => {
          const code = failureCode(cause);
          // Given up by this page: what replaced it settles.
          if (code !== null) settled(code);
        });
    }
  }, [JSON.stringify(wanted), version, tries]);
  useEffect(
    () => () => {
      for (const { abort } of asked.current.values()) abort.abort();
    },
    [],
  );
  return { answers, failures, busy, retry: () => setTries((before) => before + 1) };
}
