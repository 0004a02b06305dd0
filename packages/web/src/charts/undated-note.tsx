// Under a chart: what its hatched bands stand for, in words, and where their rows are to be had.
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import type { UndatedBand } from './undated.ts';
import { undatedWords } from './undated-words.ts';

/** More are counted only: a site that loses power and network every day would fill the page. */
const mostLines = 4;

interface UndatedNoteProps {
  readonly machine: string;
  /** Of the machine, where there are several; '' elsewhere. */
  readonly name: string;
  readonly bands: readonly UndatedBand[];
  readonly zone: string;
}

export function UndatedNote({ machine, name, bands, zone }: UndatedNoteProps) {
  if (bands.length === 0) return null;
  const w = words.value;
  const others = bands.length - mostLines;
  return (
    <div class="chart-undated">
      {name !== '' && <h3>{name}</h3>}
      <ul aria-label={name === '' ? w.undatedList : `${w.undatedList} · ${name}`}>
        {bands
          .slice(-mostLines)
          .reverse()
          .map((band) => (
            <li key={`${band.firstBoot} ${band.afterMs}`}>
              <svg viewBox="0 0 24 16" aria-hidden="true">
                <path d="M0 8 8 0M0 15 15 0M6 16 22 0M13 16 24 5M20 16 24 12" />
                <rect x="1" y="1" width="22" height="14" />
              </svg>
              <span>{undatedWords(band, zone, language.value, w)}</span>
            </li>
          ))}
        {others > 0 && <li class="muted">{w.undatedMore(others)}</li>}
      </ul>
      <a href={`/api/machines/${encodeURIComponent(machine)}/undated.csv`} download>
        {name === '' ? w.undatedCsv : `${w.undatedCsv} · ${name}`}
      </a>
    </div>
  );
}
