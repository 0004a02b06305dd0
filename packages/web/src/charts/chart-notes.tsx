// Notes on a chart: a strip above it with a marker where each is. Markers that would cover each other are one.
// Not here: writing and reading them (note-dialog.tsx), asking the server (use-notes.ts).
import { useState } from 'preact/hooks';
import type { FailureCode } from '../api.ts';
import { formatDayClock } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { failureWords } from '../session/failure-words.ts';
import type { Track } from './curves.ts';
import { gutterPx, marginPx } from './plot.ts';
import type { ChartNotes, MachineNote } from './use-notes.ts';
import { chartWords } from './words.ts';
import type { Range } from './zoom.ts';

const markerPx = 28;

/** A note at its place on the axis: a machine that is shown twice has it twice. */
export interface PlacedNote {
  readonly note: MachineNote;
  readonly track: Track;
  readonly placeMs: number;
}

export type NoteOpen =
  | { readonly kind: 'write'; readonly placeMs: number }
  | { readonly kind: 'read'; readonly placed: readonly PlacedNote[] };

export function placeNotes(
  notes: readonly MachineNote[],
  tracks: readonly Track[],
  shown: Range,
): readonly PlacedNote[] {
  return tracks
    .filter(({ isPast }) => !isPast)
    .flatMap((track) =>
      notes
        .filter(({ machine }) => machine === track.machine)
        .map((note): PlacedNote => ({ note, track, placeMs: note.atMs + track.shiftMs })),
    )
    .filter(({ placeMs }) => placeMs >= shown.fromMs && placeMs <= shown.toMs)
    .sort((a, b) => a.placeMs - b.placeMs);
}

interface NoteStripProps {
  readonly placed: readonly PlacedNote[];
  readonly shown: Range;
  /** Of the chart; markers closer than one is wide are one. */
  readonly widthPx: number;
  readonly notes: ChartNotes;
  readonly open: (open: NoteOpen) => void;
}

export function NoteStrip({ placed, shown, widthPx, notes, open }: NoteStripProps) {
  const c = chartWords.value;
  const reader = language.value;
  const [failure, setFailure] = useState<FailureCode | null>(null);
  const plotPx = Math.max(1, widthPx - gutterPx - marginPx);
  const xOf = (placeMs: number): number =>
    ((placeMs - shown.fromMs) / Math.max(1, shown.toMs - shown.fromMs)) * plotPx;
  const groups: PlacedNote[][] = [];
  for (const one of placed) {
    const group = groups.at(-1);
    if (group !== undefined && xOf(one.placeMs) - xOf(group[0]!.placeMs) < markerPx) group.push(one);
    else groups.push([one]);
  }
  return (
    <div class="note-strip">
      <ul aria-label={c.notesStrip}>
        {groups.map((group) => {
          const { note, track, placeMs } = group[0]!;
          const when = formatDayClock(note.atMs, track.zone, reader);
          const label =
            group.length === 1 ? c.noteMarker(note.text, when) : c.noteMarkers(group.length, when);
          return (
            <li
              key={`${track.key} ${note.id}`}
              style={{ left: `${Math.round(gutterPx + xOf(placeMs) - markerPx / 2)}px` }}
            >
              <button
                type="button"
                class="note-marker"
                aria-label={label}
                title={label}
                onClick={() => open({ kind: 'read', placed: group })}
              >
                <svg viewBox="0 0 28 24" aria-hidden="true">
                  <path d="M4 2h20v14h-6l-4 6-4-6H4z" />
                </svg>
                <span aria-hidden="true">{group.length === 1 ? '' : group.length}</span>
              </button>
            </li>
          );
        })}
      </ul>
      <p class="note-undo" role="status">
        {notes.deleted !== null && (
          <>
            {c.noteDeleted}{' '}
            <button type="button" class="quiet" onClick={() => void notes.restore().then(setFailure)}>
              {c.noteUndo}
            </button>
          </>
        )}
        {failure !== null && failureWords(failure, words.value)}
        {notes.failed && c.notesFailed}
      </p>
    </div>
  );
}
