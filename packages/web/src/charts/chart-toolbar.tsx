// Buttons that double every gesture on a chart.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import { chartWords } from './words.ts';

export function Icon({ path }: { readonly path: string }) {
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
  /** Where a reset leads. */
  readonly resetWord: string;
  /** At the middle of what is shown, or at the crosshair. */
  readonly mark: () => void;
  readonly table: boolean;
  readonly setTable: (table: boolean) => void;
  /** Address of this very view, its present frozen. */
  readonly frozenHref: () => string;
  readonly children?: ComponentChildren;
}

export function ChartToolbar(props: ChartToolbarProps) {
  const { zoom, pan, reset, isReset, table, setTable, frozenHref } = props;
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
        {props.resetWord}
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
      {props.children}
      <button
        type="button"
        class="icon-button"
        aria-label={chartWords.value.noteAdd}
        title={chartWords.value.noteAdd}
        onClick={props.mark}
      >
        <Icon path="M5 4h14v11l-5 5H5zM19 15h-5v5M8.5 9h7M8.5 12.5h4" />
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
