// Chooses series: every channel of every machine, found by words of both names. A dialog at the side; on a phone a sheet from
// below. Each choice is drawn at once.
import type { Channel } from '@vigie/contract';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { plain } from '../i18n/plain.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { mostSeries, type SeriesRef, seriesKey } from './analysis-address.ts';
import { drawable, type KnownMachine } from './analysis-plan.ts';
import { analysisWords } from './words.ts';

/** A list that a phone can still scroll; a word more finds the rest. */
const mostShown = 120;

interface PickerProps {
  readonly machines: readonly KnownMachine[];
  readonly chosen: readonly SeriesRef[];
  readonly choose: (series: readonly SeriesRef[]) => void;
  readonly open: boolean;
  readonly close: () => void;
}

interface Choice {
  readonly machine: KnownMachine;
  readonly channel: Channel;
  /** What a search looks at. */
  readonly text: string;
}

export function Picker({ machines, chosen, choose, open, close }: PickerProps) {
  const a = analysisWords.value;
  const reader = language.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const [wanted, setWanted] = useState('');
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  const all = useMemo(
    (): readonly Choice[] =>
      machines.flatMap((machine) =>
        (machine.known === null ? [] : drawable(machine.known)).map((channel) => ({
          machine,
          channel,
          text: plain(
            [machine.id, machine.name, machine.site, channel.id, channel.names.fr, channel.names.en].join(
              ' ',
            ),
          ),
        })),
      ),
    [machines],
  );
  const needles = plain(wanted).split(/\s+/).filter(Boolean);
  const keys = new Set(chosen.map(seriesKey));
  const isChosen = ({ machine, channel }: Choice): boolean => keys.has(`${machine.id}.${channel.id}`);
  const found =
    needles.length === 0 ? all : all.filter(({ text }) => needles.every((one) => text.includes(one)));
  const shown = found.slice(0, mostShown);
  const isFull = chosen.length >= mostSeries;
  const toggle = (choice: Choice): void => {
    const ref: SeriesRef = { machine: choice.machine.id, channel: choice.channel.id };
    choose(
      isChosen(choice)
        ? chosen.filter((one) => seriesKey(one) !== seriesKey(ref))
        : [...chosen, ref].slice(0, mostSeries),
    );
  };
  /** Of one that is not shown to the reader, what the address says. */
  const nameOf = (ref: SeriesRef): string => {
    const known = all.find(
      ({ machine, channel }) => machine.id === ref.machine && channel.id === ref.channel,
    );
    return known === undefined ? seriesKey(ref) : `${known.machine.name} · ${known.channel.names[reader]}`;
  };
  const groups = machines.flatMap((machine) => {
    const own = shown.filter((choice) => choice.machine.id === machine.id);
    return own.length === 0 ? [] : [{ machine, own }];
  });
  return (
    <dialog ref={dialog} class="picker" aria-labelledby="picker-title" onClose={close}>
      {open && (
        <div class="picker-body">
          <div class="panel-head">
            <h2 id="picker-title">{a.pickerTitle}</h2>
            <button type="button" class="primary" onClick={close}>
              {a.pickerDone}
            </button>
          </div>
          <input
            type="search"
            autofocus
            aria-label={a.pickerSearch}
            placeholder={a.pickerSearch}
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
          <p class="hint">{a.pickerHint}</p>
          <div class="picker-state">
            <p class="muted" role="status">
              {isFull ? a.pickerFull(mostSeries) : a.pickerChosen(chosen.length, mostSeries)}
            </p>
            <button
              type="button"
              class="quiet"
              aria-disabled={chosen.length === 0}
              onClick={() => choose([])}
            >
              {a.pickerClear}
            </button>
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
          <section class="picker-list" tabIndex={0} aria-label={words.value.channelsTitle}>
            {needles.length === 0 && chosen.length > 0 && (
              <fieldset>
                <legend>{a.pickerTaken}</legend>
                {chosen.map((ref) => (
                  <label key={seriesKey(ref)}>
                    <input
                      type="checkbox"
                      checked
                      onChange={() => choose(chosen.filter((one) => seriesKey(one) !== seriesKey(ref)))}
                    />
                    <span>{nameOf(ref)}</span>
                  </label>
                ))}
              </fieldset>
            )}
            {groups.map(({ machine, own }) => (
              <fieldset key={machine.id}>
                <legend>
                  {machine.name} <span class="muted">{[machine.id, machine.site].join(' · ')}</span>
                </legend>
                {own.map((choice) => (
                  <label key={choice.channel.id}>
                    <input
                      type="checkbox"
                      checked={isChosen(choice)}
                      disabled={isFull && !isChosen(choice)}
                      onChange={() => toggle(choice)}
                    />
                    <span>{choice.channel.names[reader]}</span>{' '}
                    <span class="muted">{choice.channel.unit}</span>
                  </label>
                ))}
              </fieldset>
            ))}
            {found.length === 0 && <p class="muted">{a.pickerNone}</p>}
            {found.length > shown.length && <p class="muted">{a.pickerMore(found.length - shown.length)}</p>}
          </section>
        </div>
      )}
    </dialog>
  );
}
