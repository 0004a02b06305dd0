// Buttons that double every gesture on a chart, and fields for the ends of its vertical axis.
import { useState } from 'preact/hooks';
import { formatNumber } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';

function Icon({ path }: { readonly path: string }) {
  return (
    <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
      <path d={path} class="stroke" />
    </svg>
  );
}

interface ChartToolbarProps {
  /** `factor` below 1: closer. */
  readonly zoom: (factor: number) => void;
  /** A part of the range: −0.5 is half of it earlier. */
  readonly pan: (part: number) => void;
  readonly reset: () => void;
  readonly isReset: boolean;
  readonly table: boolean;
  readonly setTable: (table: boolean) => void;
  /** Address of this very view, its present frozen. */
  readonly frozenHref: () => string;
}

export function ChartToolbar({ zoom, pan, reset, isReset, table, setTable, frozenHref }: ChartToolbarProps) {
  const w = words.value;
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    const href = new URL(frozenHref(), location.href).href;
    void navigator.clipboard
      ?.writeText(href)
      .then(() => {
        setCopied(true);
        setTimeout(() => setCopied(false), 3000);
      })
      // Refused by the browser: the address bar then holds what could not be copied.
      .catch(() => history.replaceState(null, '', href));
  };
  const button = (label: string, path: string, act: () => void) => (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={act}>
      <Icon path={path} />
    </button>
  );
  return (
    <div class="chart-toolbar">
      {button(w.chartEarlier, 'M15 5l-7 7 7 7', () => pan(-0.5))}
      {button(w.chartLater, 'M9 5l7 7-7 7', () => pan(0.5))}
      {button(w.chartZoomOut, 'M5 12h14', () => zoom(2))}
      {button(w.chartZoomIn, 'M5 12h14M12 5v14', () => zoom(0.5))}
      <button type="button" aria-disabled={isReset} onClick={reset}>
        {w.chartReset}
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={w.chartTable}
        title={w.chartTable}
        aria-pressed={table}
        onClick={() => setTable(!table)}
      >
        <Icon path="M4 5h16v14H4zM4 10h16M4 14.5h16M10 10v9" />
        <span class="wide">{w.chartTable}</span>
      </button>
      <button type="button" class="icon-button" aria-label={w.copyLink} title={w.copyLink} onClick={copy}>
        <Icon
          path={
            copied
              ? 'M5 12.5l4.5 4.5L19 7.5'
              : 'M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1'
          }
        />
        <span class="wide">{copied ? w.linkCopied : w.copyLink}</span>
      </button>
      <span class="unseen" role="status">
        {copied ? w.linkCopied : ''}
      </span>
    </div>
  );
}

interface YAxisFieldsProps {
  readonly shown: readonly [number, number];
  /** Set by the reader, and no longer by the data. */
  readonly fixed: boolean;
  readonly unit: string;
  readonly set: (range: readonly [number, number] | null) => void;
}

export function YAxisFields({ shown, fixed, unit, set }: YAxisFieldsProps) {
  const w = words.value;
  const write = (value: number): string =>
    formatNumber(value, 1, language.value).replace(/[\s\u202f\u00a0]/g, '');
  const read = (text: string): number =>
    text.trim() === '' ? Number.NaN : Number(text.trim().replace(',', '.').replace('−', '-'));
  const change = (end: 0 | 1, text: string): void => {
    const value = read(text);
    const next: readonly [number, number] = end === 0 ? [value, shown[1]] : [shown[0], value];
    if (Number.isFinite(value) && next[0] < next[1]) set(next);
  };
  const field = (end: 0 | 1, label: string) => (
    <label>
      {label}
      <input
        key={`${end} ${write(shown[end])}`}
        type="text"
        inputMode="decimal"
        defaultValue={write(shown[end])}
        onChange={(event) => change(end, event.currentTarget.value)}
      />
    </label>
  );
  return (
    <fieldset class="y-axis">
      <legend class="muted">
        {w.chartYAxis}
        {unit === '' ? '' : ` (${unit})`}
      </legend>
      {field(0, w.chartYFrom)}
      {field(1, w.chartYTo)}
      <button type="button" aria-disabled={!fixed} onClick={() => set(null)}>
        {w.chartYAuto}
      </button>
    </fieldset>
  );
}
