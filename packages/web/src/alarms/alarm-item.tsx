// One alarm in a list: its state in words beside shape and colour, the fact, its times, and what may be done about it.
// Not here: the dialogs behind the buttons (alarm-dialogs.tsx).
import type { AlarmMachine, AlarmView } from '@vigie/contract';
import { Link } from 'wouter-preact';
import { nowMs } from '../clock.ts';
import { formatWhen } from '../i18n/format.ts';
import { StateIcon } from '../machine/state-icon.tsx';
import { language } from '../prefs.ts';
import { figuresOf, timesOf, whatOf } from './alarm-sentence.ts';
import { alarmWords } from './words.ts';
import '../styles/alarms.css';

export type AlarmAct = 'acknowledge' | 'shelve' | 'unshelve' | 'details';

interface ItemProps {
  readonly alarm: AlarmView;
  readonly machine: AlarmMachine | null;
  /** On the page of its machine its name says nothing. */
  readonly namesMachine: boolean;
  readonly act: (act: AlarmAct, alarm: AlarmView) => void;
}

export function AlarmItem({ alarm, machine, namesMachine, act }: ItemProps) {
  const w = alarmWords.value;
  const reader = language.value;
  const zone = machine?.timeZone ?? 'UTC';
  const now = nowMs.value;
  const what = whatOf(alarm, reader, w);
  const figures = figuresOf(alarm, reader, w);
  const when = (atMs: number): string => formatWhen(atMs, now, zone, reader);
  const rings = alarm.overMs === null;
  const tone = !rings || alarm.shelf !== null ? 'normal' : alarm.severity;
  const { acknowledged, shelf } = alarm;
  return (
    <li class={`alarm-item tone-${tone}`}>
      <StateIcon tone={tone} size={20} />
      <div class="alarm-facts">
        <p class="alarm-head">
          <span class="alarm-word">{w[alarm.severity]}</span>
          <span class="chip">{w.state[alarm.state]}</span>
        </p>
        <h3>
          {namesMachine && (
            <>
              <Link href={`/m/${encodeURIComponent(alarm.machine)}`}>{machine?.name ?? alarm.machine}</Link>
              {' · '}
            </>
          )}
          {what}
          {figures !== '' && <span class="figures"> · {figures}</span>}
        </h3>
        <p class="muted figures">{timesOf(alarm, zone, now, reader, w).join(' · ')}</p>
        {alarm.flapping && <p>{w.flapped(alarm.crossings)}</p>}
        {!alarm.flapping && alarm.crossings > 1 && <p class="muted">{w.again(alarm.crossings)}</p>}
        {acknowledged !== null && (
          <p class="muted wraps">
            {w.acknowledgedBy(acknowledged.by, when(acknowledged.atMs))}
            {acknowledged.comment === '' ? '' : ` · ${acknowledged.comment}`}
          </p>
        )}
        {shelf !== null && (
          <p class="muted wraps">
            {w.shelvedBy(
              shelf.by,
              shelf.untilMs === null ? w.untilOver : w.until(when(shelf.untilMs)),
              shelf.reason,
            )}
          </p>
        )}
      </div>
      <div class="alarm-acts">
        {acknowledged === null && (
          <button
            type="button"
            aria-label={w.acknowledgeThis(what)}
            onClick={() => act('acknowledge', alarm)}
          >
            {w.acknowledge}
          </button>
        )}
        {machine?.editable === true && shelf === null && alarm.state !== 'normal' && (
          <button type="button" aria-label={w.shelveThis(what)} onClick={() => act('shelve', alarm)}>
            {w.shelve}
          </button>
        )}
        {machine?.editable === true && shelf !== null && (
          <button type="button" onClick={() => act('unshelve', alarm)}>
            {w.unshelve}
          </button>
        )}
        <button
          type="button"
          class="quiet"
          aria-label={w.detailsOf(what)}
          onClick={() => act('details', alarm)}
        >
          {w.details}
        </button>
      </div>
    </li>
  );
}
