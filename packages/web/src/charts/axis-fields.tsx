// Fields for the ends of a chart's axes, each with a button that gives the end back to the data or to the present.
// Invariant: what does not make a range changes nothing, and is answered with a sentence.
import { instantOf, wallMs } from '@vigie/model/zone';
import { useState } from 'preact/hooks';
import { formatNumber } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { chartWords } from './words.ts';
import type { Axis } from './zone.ts';
import { parseElapsed, type Range, writeElapsed } from './zoom.ts';

interface YAxisFieldsProps {
  /** `null`: there is nothing yet, and the fields only keep their place. */
  readonly shown: readonly [number, number] | null;
  /** Set by the reader, and no longer by the data. */
  readonly fixed: boolean;
  readonly unit: string;
  readonly set: (range: readonly [number, number] | null) => void;
}

export function YAxisFields({ shown, fixed, unit, set }: YAxisFieldsProps) {
  const w = words.value;
  const [isBad, setBad] = useState(false);
  const decimals = shown !== null && shown[1] - shown[0] < 5 ? 2 : 1;
  const write = (value: number): string =>
    formatNumber(value, decimals, language.value)
      .replace(/[\s\u202f\u00a0]/g, '')
      .replace(language.value === 'en' ? /,/g : /^$/, '');
  const read = (text: string): number =>
    text.trim() === '' ? Number.NaN : Number(text.trim().replace(',', '.').replace('−', '-'));
  const change = (end: 0 | 1, input: HTMLInputElement): void => {
    if (shown === null || input.value === write(shown[end])) return;
    const value = read(input.value);
    const next: readonly [number, number] = end === 0 ? [value, shown[1]] : [shown[0], value];
    const fits = Number.isFinite(value) && next[0] < next[1];
    setBad(!fits);
    if (fits) set(next);
  };
  const field = (end: 0 | 1, label: string) => {
    const value = shown === null ? '' : write(shown[end]);
    return (
      <label>
        {label}
        <input
          key={`${end} ${value}`}
          type="text"
          inputMode="decimal"
          disabled={shown === null}
          defaultValue={value}
          onChange={(event) => change(end, event.currentTarget)}
        />
      </label>
    );
  };
  return (
    <fieldset class="axis-fields axis-y">
      <legend class="muted">
        {w.chartYAxis}
        {unit === '' ? '' : ` (${unit})`}
      </legend>
      {field(0, w.chartYFrom)}
      {field(1, w.chartYTo)}
      <button type="button" aria-disabled={!fixed} onClick={() => set(null)}>
        {w.chartYAuto}
      </button>
      <p class="axis-bad" role="alert">
        {isBad ? chartWords.value.yBad : ''}
      </p>
    </fieldset>
  );
}

interface XAxisFieldsProps {
  readonly shown: Range;
  readonly axis: Axis;
  /** Nothing later can be shown. */
  readonly latestMs: number;
  readonly isAuto: boolean;
  readonly set: (range: Range) => void;
  readonly auto: () => void;
}

export function XAxisFields({ shown, axis, latestMs, isAuto, set, auto }: XAxisFieldsProps) {
  const c = chartWords.value;
  const [isBad, setBad] = useState(false);
  const isTime = axis.kind === 'time';
  const write = (placeMs: number): string =>
    isTime ? new Date(wallMs(placeMs, axis.zone)).toISOString().slice(0, 19) : writeElapsed(placeMs);
  const read = (text: string): number => {
    if (!isTime) return parseElapsed(text) ?? Number.NaN;
    const wall = Date.parse(`${text}Z`);
    return Number.isNaN(wall) ? wall : instantOf(wall, axis.zone);
  };
  const change = (end: keyof Range, input: HTMLInputElement): void => {
    if (input.value === write(shown[end])) return;
    const next = { ...shown, [end]: read(input.value) };
    const fits = next.toMs - next.fromMs >= 1000 && next.fromMs < latestMs;
    setBad(!fits);
    if (fits) set({ fromMs: next.fromMs, toMs: Math.min(next.toMs, latestMs) });
  };
  const field = (end: keyof Range, label: string) => (
    <label>
      {label}
      <input
        key={`${end} ${write(shown[end])}`}
        type={isTime ? 'datetime-local' : 'text'}
        step={1}
        defaultValue={write(shown[end])}
        // Each part of a date that is typed is a change of its own: only what one leaves it with is meant.
        onBlur={(event) => change(end, event.currentTarget)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') change(end, event.currentTarget);
        }}
      />
    </label>
  );
  return (
    <fieldset class="axis-fields axis-x">
      <legend class="unseen">{c.xAxis}</legend>
      {field('fromMs', c.xFrom)}
      <button type="button" aria-disabled={isAuto} onClick={auto}>
        {c.xAuto}
      </button>
      {field('toMs', c.xTo)}
      <p class="axis-bad" role="alert">
        {isBad ? (isTime ? c.xBad : c.elapsedBad) : ''}
      </p>
    </fieldset>
  );
}
