// What is shown, as a file: raw rows from the server, the buckets as displayed and a picture from this page.
// Not here: the button (export-menu.tsx).
import { csvLine, csvStart, csvTitle } from '@vigie/contract/csv';
import { isoWriter } from '@vigie/model/zone';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import type { Curve, Pane, Tracks } from './curves.ts';
import type { Picture } from './picture.ts';
import type { Plot } from './plot.ts';
import { displayedRows } from './table-lines.ts';
import { chartWords } from './words.ts';
import type { Axis } from './zone.ts';
import type { Range } from './zoom.ts';

export interface ExportProps {
  readonly panes: readonly Pane[];
  readonly tracks: Tracks;
  readonly hidden: ReadonlySet<string>;
  readonly axis: Axis;
  readonly shown: Range;
  /** `null`: a table is shown instead. */
  readonly plots: ReadonlyMap<string, Plot> | null;
  /** Begins the files' names. */
  readonly fileName: string;
  /** Title, facts and link of the picture. */
  readonly words: () => Omit<Picture, 'panes'>;
}

function save(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

interface ExportListProps extends ExportProps {
  /** Something was chosen. */
  readonly close: () => void;
}

export function ExportList({ close, ...props }: ExportListProps) {
  const { tracks, hidden, axis, shown, plots, fileName } = props;
  const c = chartWords.value;
  const reader = language.value;
  const curves = props.panes.flatMap((pane) => pane.curves).filter(({ key }) => !hidden.has(key));
  /** A machine's rows once for each stretch of it that is shown. */
  const raw = [...tracks.values()].flatMap(({ track }) => {
    const own: readonly Curve[] = curves.filter((curve) => curve.track === track.key);
    if (own.length === 0) return [];
    const query = new URLSearchParams({
      from: String(Math.max(0, shown.fromMs - track.shiftMs)),
      to: String(shown.toMs - track.shiftMs),
      channels: own.map(({ channel }) => channel.id).join(','),
      language: reader,
    });
    const href = `/api/machines/${encodeURIComponent(track.machine)}/rows.csv?${query}`;
    return [{ key: track.key, href, name: track.name }];
  });
  const displayed = (): void => {
    const place = axis.kind === 'time' ? isoWriter(axis.zone) : (placeMs: number) => placeMs / 1000;
    const titles = curves.flatMap(({ name, channel }) =>
      [name, `${name} min`, `${name} max`].map((title) => csvTitle(title, channel.unit)),
    );
    const lines = [
      csvLine([axis.kind === 'time' ? words.value.chartTime : c.exportSeconds, ...titles], reader),
    ];
    for (const row of displayedRows(curves, tracks, place)) lines.push(csvLine(row, reader));
    save(
      `${fileName}.csv`,
      new Blob([csvStart(reader), lines.join('\n'), '\n'], { type: 'text/csv;charset=utf-8' }),
    );
  };
  const picture = async (): Promise<void> => {
    const { pictureOf } = await import('./picture.ts');
    const panes = props.panes.flatMap((pane) => {
      const plot = plots?.get(pane.key);
      if (plot === undefined) return [];
      const shownCurves = pane.curves.filter(({ key }) => !hidden.has(key));
      return [{ canvas: plot.canvas, unit: pane.unit, curves: shownCurves }];
    });
    pictureOf({ ...props.words(), panes }).toBlob((blob) => {
      if (blob !== null) save(`${fileName}.png`, blob);
    }, 'image/png');
  };
  return (
    <ul>
      {raw.map(({ key, href, name }) => (
        <li key={key}>
          <a class="button quiet" href={href} download onClick={close}>
            {c.exportRaw(name)}
          </a>
        </li>
      ))}
      <li>
        <button
          type="button"
          class="quiet"
          onClick={() => {
            displayed();
            close();
          }}
        >
          {c.exportDisplayed}
        </button>
      </li>
      {plots !== null && (
        <li>
          <button
            type="button"
            class="quiet"
            onClick={() => {
              void picture();
              close();
            }}
          >
            {c.exportPicture}
          </button>
        </li>
      )}
    </ul>
  );
}
