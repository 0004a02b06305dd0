// The keyboard on a focused pane, and what is read aloud of a place: arrows read points and choose curves, + − Page and 0
// change the range, T shows the table, N writes a note.
import type { Signal } from '@preact/signals';
import type { Language } from '@vigie/contract';
import type { Dictionary } from '../i18n/words.ts';
import type { RangeControls } from './chart-controls.ts';
import { readingWords, silenceWords } from './chart-words.ts';
import {
  type Curve,
  longestBucketMs,
  type Pane,
  placesOf,
  readTrack,
  type TrackData,
  type Tracks,
  tracksOf,
} from './curves.ts';
import { stepStop } from './reading.ts';
import { chartWords } from './words.ts';
import { type Axis, formatPlace } from './zone.ts';

export interface KeyTarget {
  readonly pane: Pane;
  readonly tracks: Tracks;
  /** Those of the pane. */
  readonly own: readonly TrackData[];
  readonly axis: Axis;
  readonly hidden: ReadonlySet<string>;
  readonly emphasized: string | null;
  readonly crosshairMs: Signal<number | null>;
  readonly controls: RangeControls;
  readonly language: Language;
  readonly words: Dictionary;
  emphasize(curve: string | null): void;
  showTable(): void;
  mark(placeMs: number): void;
  say(text: string): void;
}

/** What is there at a place: values with their time, or why there are none. */
function placeWords(target: KeyTarget, placeMs: number): string {
  const { pane, tracks, axis, hidden, emphasized, language, words } = target;
  const inPane = pane.curves.some(({ key }) => key === emphasized);
  const said = pane.curves.filter(({ key }) => (inPane ? key === emphasized : !hidden.has(key)));
  const silences: string[] = [];
  const values: string[] = [];
  let whenMs = placeMs;
  for (const data of tracksOf(said, tracks)) {
    const { track, answer } = data;
    const reading = readTrack(data, placeMs);
    const silence = silenceWords(reading, track.zone, language, words);
    if (silence !== null) {
      silences.push(track.name === '' ? silence : chartWords.value.of(track.name, silence));
      continue;
    }
    whenMs = reading.atMs + track.shiftMs;
    for (const { name, channel } of said.filter((curve) => curve.track === track.key)) {
      values.push(readingWords(name, channel, answer, reading, language, words));
    }
  }
  const rest = silences.join(' ; ');
  if (values.length === 0) return rest;
  return `${formatPlace(whenMs, axis, language, longestBucketMs(tracks))} : ${values.join(' ; ')}${rest === '' ? '' : ` ; ${rest}`}`;
}

export function chartKeys(target: KeyTarget, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { pane, own, hidden, emphasized, crosshairMs, controls } = target;
  const step = (steps: number): void => {
    const at = stepStop(placesOf(own), crosshairMs.peek(), steps);
    crosshairMs.value = at;
    if (at !== null) target.say(placeWords(target, at));
  };
  const curve = (by: number): void => {
    const visible: readonly Curve[] = pane.curves.filter(({ key }) => !hidden.has(key));
    const here = visible.findIndex(({ key }) => key === emphasized);
    const next = visible[(here + by + visible.length) % visible.length];
    target.emphasize(next?.key ?? null);
    if (next !== undefined) target.say(next.name);
  };
  const around = crosshairMs.peek() ?? undefined;
  const act: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => step(event.shiftKey ? -10 : -1),
    ArrowRight: () => step(event.shiftKey ? 10 : 1),
    ArrowUp: () => curve(-1),
    ArrowDown: () => curve(1),
    '+': () => controls.zoomBy(0.5, around),
    '=': () => controls.zoomBy(0.5, around),
    '-': () => controls.zoomBy(2, around),
    PageUp: () => controls.panBy(-0.8),
    PageDown: () => controls.panBy(0.8),
    '0': () => controls.reset(),
    t: () => target.showTable(),
    n: () => target.mark(around ?? (controls.shown.fromMs + controls.shown.toMs) / 2),
    Escape: () => {
      crosshairMs.value = null;
      target.emphasize(null);
    },
  };
  const action = act[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}
