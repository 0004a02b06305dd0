// Notes opened over a chart: one that is being written, or those of a place. Fetched when the first one is opened.
// Not here: their marks (chart-notes.tsx), and keeping them (use-notes.ts).
import { instantOf, wallMs } from '@vigie/model/zone';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FailureCode } from '../api.ts';
import { formatDayClock } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { failureWords } from '../session/failure-words.ts';
import type { NoteOpen, PlacedNote } from './chart-notes.tsx';
import type { Track } from './curves.ts';
import type { ChartNotes, MachineNote } from './use-notes.ts';
import { chartWords } from './words.ts';

interface NoteDialogProps {
  readonly opened: NoteOpen;
  readonly close: () => void;
  /** A note may be written on each of them but those of the past. */
  readonly tracks: readonly Track[];
  readonly notes: ChartNotes;
}

export function NoteDialog({ opened, close, tracks, notes }: NoteDialogProps) {
  const c = chartWords.value;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  const isWrite = opened.kind === 'write';
  return (
    <dialog ref={dialog} class="note-dialog" aria-labelledby="note-title" onClose={close}>
      <div class="note-body">
        <h2 id="note-title">{isWrite ? c.noteTitle : c.notesTitle}</h2>
        {isWrite ? (
          <WriteNote placeMs={opened.placeMs} tracks={tracks} notes={notes} close={close} />
        ) : (
          <ReadNotes placed={opened.placed} notes={notes} close={close} />
        )}
      </div>
    </dialog>
  );
}

interface WriteNoteProps extends Omit<NoteDialogProps, 'opened'> {
  readonly placeMs: number;
}

function WriteNote({ placeMs, tracks, notes, close }: WriteNoteProps) {
  const c = chartWords.value;
  const own = tracks.filter(({ isPast }) => !isPast);
  const [key, setKey] = useState(own[0]?.key ?? '');
  const [complaint, setComplaint] = useState('');
  const track = own.find((one) => one.key === key) ?? own[0];
  if (track === undefined) return null;
  const local = new Date(wallMs(placeMs - track.shiftMs, track.zone)).toISOString().slice(0, 19);
  const save = async (form: HTMLFormElement): Promise<void> => {
    const data = new FormData(form);
    const wall = Date.parse(`${String(data.get('time'))}Z`);
    const text = String(data.get('text')).trim();
    if (Number.isNaN(wall)) return setComplaint(c.noteBadTime);
    if (text === '' || text.length > 500) return setComplaint(c.noteBadText);
    const failure = await notes.add(track.machine, { atMs: instantOf(wall, track.zone), text });
    if (failure === null) close();
    else setComplaint(failureWords(failure, words.value));
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save(event.currentTarget);
      }}
    >
      {own.length > 1 && (
        <label class="field">
          {c.noteMachine}
          <select value={track.key} onChange={(event) => setKey(event.currentTarget.value)}>
            {own.map((one) => (
              <option key={one.key} value={one.key}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
      )}
      <label class="field">
        {c.noteTime}
        <input key={track.key} name="time" type="datetime-local" step={1} defaultValue={local} />
      </label>
      <label class="field">
        {c.noteText}
        <textarea name="text" rows={3} maxLength={500} aria-describedby="note-hint" autofocus />
      </label>
      <p id="note-hint" class="hint">
        {c.noteTextHint}
      </p>
      <p class="form-failure" role="alert">
        {complaint === '' ? null : complaint}
      </p>
      <div class="note-actions">
        <button type="submit" class="primary">
          {c.noteSave}
        </button>
        <button type="button" onClick={close}>
          {c.noteCancel}
        </button>
      </div>
    </form>
  );
}

interface ReadNotesProps {
  readonly placed: readonly PlacedNote[];
  readonly notes: ChartNotes;
  readonly close: () => void;
}

function ReadNotes({ placed, notes, close }: ReadNotesProps) {
  const c = chartWords.value;
  const reader = language.value;
  const [failure, setFailure] = useState<FailureCode | null>(null);
  const remove = async (note: MachineNote): Promise<void> => {
    const why = await notes.remove(note);
    if (why === null) close();
    else setFailure(why);
  };
  return (
    <>
      <ul class="note-list">
        {placed.map(({ note, track }) => (
          <li key={`${track.key} ${note.id}`}>
            <p class="figures muted">
              {track.name !== '' && `${track.name} · `}
              {formatDayClock(note.atMs, track.zone, reader)}
            </p>
            <p class="note-text">{note.text}</p>
            <p class="muted note">
              {c.noteOf(note.author, formatDayClock(note.madeAtMs, track.zone, reader))}
            </p>
            {note.deletable && (
              <button
                type="button"
                aria-label={c.noteDeleteLabel(note.text)}
                onClick={() => void remove(note)}
              >
                {c.noteDelete}
              </button>
            )}
          </li>
        ))}
      </ul>
      <p class="form-failure" role="alert">
        {failure === null ? null : failureWords(failure, words.value)}
      </p>
      <div class="note-actions">
        <button type="button" onClick={close}>
          {words.value.close}
        </button>
      </div>
    </>
  );
}
