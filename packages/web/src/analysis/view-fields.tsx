// Above the curves: which range, compared with what, aligned on which start-ups.
import { useState } from 'preact/hooks';
import { formatDayClock, formatSpanExact } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { failureWords } from '../session/failure-words.ts';
import { type AnalysisAddress, type Compare, emptyAddress, mostRuns, type Run } from './analysis-address.ts';
import type { KnownMachine } from './analysis-plan.ts';
import { useStartUps } from './start-ups.ts';
import { type AnalysisWords, analysisWords } from './words.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

interface ViewFieldsProps {
  readonly address: AnalysisAddress;
  /** Of the series, each once. */
  readonly machines: readonly KnownMachine[];
  readonly go: (change: Partial<AnalysisAddress>) => void;
}

const lasts = (a: AnalysisWords): readonly (readonly [number, string])[] => [
  [hourMs, a.rangeHour],
  [dayMs, a.rangeDay],
  [7 * dayMs, a.rangeWeek],
  [21 * dayMs, a.rangeThreeWeeks],
  [90 * dayMs, a.rangeQuarter],
  [365 * dayMs, a.rangeYear],
];
const backs = (a: AnalysisWords): readonly (readonly [number, string])[] => [
  [dayMs, a.compareDay],
  [7 * dayMs, a.compareWeek],
  [28 * dayMs, a.compareFourWeeks],
  // Whole weeks, so that days of the week stand below one another.
  [364 * dayMs, a.compareYear],
];

function compareValue(compare: Compare): string {
  return compare.kind === 'back' ? String(compare.byMs) : compare.kind;
}

export function ViewFields({ address, machines, go }: ViewFieldsProps) {
  const a = analysisWords.value;
  const { span, compare, runs } = address;
  const isAligned = runs.length > 0;
  const lastMs = span.kind === 'last' ? span.lastMs : null;
  const isListed = lasts(a).some(([ms]) => ms === lastMs);
  const comparisons = backs(a);
  const setCompare = (value: string): void => {
    if (value === 'none' || value === 'before') go({ compare: { kind: value } });
    else go({ compare: { kind: 'back', byMs: Number(value) } });
  };
  return (
    <div class="view-fields">
      {!isAligned && (
        <>
          <label>
            <span>{a.range}</span>
            <select
              value={isListed ? String(lastMs) : 'other'}
              onChange={(event) => {
                const ms = Number(event.currentTarget.value);
                if (Number.isFinite(ms)) go({ span: { kind: 'last', lastMs: ms } });
              }}
            >
              {lasts(a).map(([ms, word]) => (
                <option key={ms} value={String(ms)}>
                  {word}
                </option>
              ))}
              {!isListed && <option value="other">{a.rangeOther}</option>}
            </select>
          </label>
          <label>
            <span>{a.compare}</span>
            <select value={compareValue(compare)} onChange={(event) => setCompare(event.currentTarget.value)}>
              <option value="none">{a.compareNone}</option>
              <option value="before">{a.compareBefore}</option>
              {comparisons.map(([ms, word]) => (
                <option key={ms} value={String(ms)}>
                  {word}
                </option>
              ))}
              {compare.kind === 'back' && comparisons.every(([ms]) => ms !== compare.byMs) && (
                <option value={String(compare.byMs)}>
                  {a.compareOther(formatSpanExact(compare.byMs, language.value))}
                </option>
              )}
            </select>
          </label>
        </>
      )}
      <StartUpFields machines={machines} runs={runs} go={go} />
    </div>
  );
}

interface StartUpFieldsProps extends Pick<ViewFieldsProps, 'machines' | 'go'> {
  readonly runs: readonly Run[];
}

function StartUpFields({ machines, runs, go }: StartUpFieldsProps) {
  const a = analysisWords.value;
  const [isOpen, setOpen] = useState(false);
  const found = useStartUps(machines, isOpen);
  const isAligned = runs.length > 0;
  const toggle = (run: Run): void => {
    const others = runs.filter(({ machine, atMs }) => machine !== run.machine || atMs !== run.atMs);
    const next = others.length < runs.length ? others : [...runs, run].slice(0, mostRuns);
    go({ runs: next, hidden: new Set() });
  };
  return (
    <details class="align" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary class="button">
        {a.align}
        {isAligned && ` (${runs.length})`}
      </summary>
      <div class="align-body">
        <p class="hint">{a.alignHint(mostRuns)}</p>
        {isOpen &&
          machines.map((machine) => {
            const startUps = found.get(machine.id) ?? { kind: 'loading' };
            return (
              <fieldset key={machine.id}>
                <legend>{machine.name}</legend>
                {startUps.kind === 'loading' && <p class="muted">{a.alignLoading}</p>}
                {startUps.kind === 'no-state' && <p class="muted">{a.alignNoState}</p>}
                {startUps.kind === 'failed' && <p>{failureWords(startUps.code, words.value)}</p>}
                {startUps.kind === 'found' && startUps.atMs.length === 0 && (
                  <p class="muted">{a.alignNone}</p>
                )}
                {startUps.kind === 'found' && (
                  <div class="align-list">
                    {startUps.atMs.map((atMs) => {
                      const isChosen = runs.some(
                        (run) => run.machine === machine.id && sameRun(run.atMs, atMs),
                      );
                      return (
                        <label key={atMs}>
                          <input
                            type="checkbox"
                            checked={isChosen}
                            disabled={!isChosen && runs.length >= mostRuns}
                            onChange={() => toggle({ machine: machine.id, atMs: wholeSecond(atMs) })}
                          />
                          {formatDayClock(atMs, machine.timeZone, language.value)}
                        </label>
                      );
                    })}
                  </div>
                )}
              </fieldset>
            );
          })}
        {isAligned && (
          <button
            type="button"
            onClick={() => go({ runs: [], elapsed: emptyAddress.elapsed, hidden: new Set() })}
          >
            {a.alignStop}
          </button>
        )}
      </div>
    </details>
  );
}

/** As an address holds it. */
function wholeSecond(atMs: number): number {
  return Math.floor(atMs / 1000) * 1000;
}

function sameRun(one: number, other: number): boolean {
  return wholeSecond(one) === wholeSecond(other);
}
