// Above the curves: which range, compared with what, aligned on which start-ups.
import { useState } from 'preact/hooks';
import { formatDayClock, formatSpanExact } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { failureWords } from '../session/failure-words.ts';
import { Menu } from '../shell/menu.tsx';
import { type AnalysisAddress, type Compare, emptyAddress, mostRuns, type Run } from './analysis-address.ts';
import type { KnownMachine } from './analysis-plan.ts';
import { type EventKind, eventsOf, type States, useStates } from './start-ups.ts';
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
  const isAligned = runs.length > 0;
  const toggle = (run: Run): void => {
    const others = runs.filter(({ machine, atMs }) => machine !== run.machine || atMs !== run.atMs);
    const next = others.length < runs.length ? others : [...runs, run].slice(0, mostRuns);
    go({ runs: next, hidden: new Set() });
  };
  return (
    <Menu
      class="align"
      label={isAligned ? `${a.align} (${runs.length})` : a.align}
      summary={isAligned ? `${a.align} (${runs.length})` : a.align}
    >
      {(isOpen) => (
        <div class="align-body">
          <p class="hint">{a.alignHint(mostRuns)}</p>
          {/* Above the events and always there: what comes or goes moves nothing under a finger. */}
          <button
            type="button"
            aria-disabled={!isAligned}
            onClick={() => isAligned && go({ runs: [], elapsed: emptyAddress.elapsed, hidden: new Set() })}
          >
            {a.alignStop}
          </button>
          {isOpen && <AllRuns machines={machines} runs={runs} toggle={toggle} />}
        </div>
      )}
    </Menu>
  );
}

interface AllRunsProps {
  readonly machines: readonly KnownMachine[];
  readonly runs: readonly Run[];
  readonly toggle: (run: Run) => void;
}

/** Asks for the events as it is opened. */
function AllRuns({ machines, runs, toggle }: AllRunsProps) {
  const found = useStates(machines);
  return (
    <>
      {machines.map((machine) => (
        <MachineRuns
          key={machine.id}
          machine={machine}
          states={found.get(machine.id) ?? { kind: 'loading' }}
          runs={runs}
          toggle={toggle}
        />
      ))}
    </>
  );
}

interface MachineRunsProps {
  readonly machine: KnownMachine;
  readonly states: States;
  readonly runs: readonly Run[];
  readonly toggle: (run: Run) => void;
}

function MachineRuns({ machine, states, runs, toggle }: MachineRunsProps) {
  const a = analysisWords.value;
  const reader = language.value;
  const [chosen, setChosen] = useState<EventKind | null>(null);
  const { known } = machine;
  const named = known?.channels.find(({ id }) => id === known.stateChannel)?.states ?? [];
  const of = (event: EventKind): readonly number[] =>
    states.kind === 'found' && known !== null ? eventsOf(states.entries, known, event) : [];
  // A machine that goes round without resting has no start-up: the first state it entered lately is offered.
  const first = named.find(({ value, running }) => running && of(value).length > 0)?.value;
  const event = chosen ?? (of('start-up').length > 0 ? 'start-up' : (first ?? 'start-up'));
  const events = of(event);
  const said = (): string | null => {
    switch (states.kind) {
      case 'loading':
        return a.alignLoading;
      case 'no-state':
        return a.alignNoState;
      case 'failed':
        return failureWords(states.code, words.value);
      case 'found':
        return events.length === 0 ? a.alignNone : null;
    }
  };
  return (
    <fieldset>
      <legend>{machine.name}</legend>
      {states.kind === 'found' && (
        <label class="align-event">
          {a.alignEvent}
          <select
            value={String(event)}
            onChange={({ currentTarget: { value } }) =>
              setChosen(value === 'start-up' ? value : Number(value))
            }
          >
            <option value="start-up">{a.alignStartUp}</option>
            {named.map(({ value, names }) => (
              <option key={value} value={String(value)}>
                {a.alignEnters(names[reader])}
              </option>
            ))}
          </select>
        </label>
      )}
      <p class="muted" role="status">
        {said()}
      </p>
      <div class="align-list">
        {events.map((exactMs) => {
          const atMs = wholeSecond(exactMs);
          const isChosen = runs.some((run) => run.machine === machine.id && run.atMs === atMs);
          return (
            <label key={exactMs}>
              <input
                type="checkbox"
                checked={isChosen}
                disabled={!isChosen && runs.length >= mostRuns}
                onChange={() => toggle({ machine: machine.id, atMs })}
              />
              {formatDayClock(exactMs, machine.timeZone, reader)}
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}

/** As an address holds it. */
function wholeSecond(atMs: number): number {
  return Math.floor(atMs / 1000) * 1000;
}
