// What is done about an alarm: acknowledge with a comment, shelve with an end and a reason, look at all that happened to it.
// Not here: which alarm is open in them (use-alarm-acts.tsx).
import type { AlarmHistory, AlarmMachine, AlarmView } from '@vigie/contract';
import { useEffect, useId, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { emptyAddress, writeAddress } from '../analysis/analysis-address.ts';
import { type FailureCode, failureCode, get, send } from '../api.ts';
import { nowMs } from '../clock.ts';
import { formatDayClock } from '../i18n/format.ts';
import { language } from '../prefs.ts';
import { textOf } from '../session/fields.tsx';
import { useForm } from '../session/use-form.ts';
import { Dialog } from '../shell/dialog.tsx';
import { FailureNotice } from '../shell/notices.tsx';
import { pathOf } from './alarm-list.ts';
import { timesOf, whatOf } from './alarm-sentence.ts';
import { alarmWords } from './words.ts';

const HOUR_MS = 3_600_000;
const AROUND_MS = 2 * HOUR_MS;

interface DialogProps {
  readonly alarm: AlarmView;
  readonly machine: AlarmMachine | null;
  readonly close: () => void;
  /** Something was done: lists are read again. */
  readonly done: () => void;
}

export function AcknowledgeDialog({ alarm, close, done }: DialogProps) {
  const w = alarmWords.value;
  const id = useId();
  const { busy, failure, onSubmit } = useForm(async (data) => {
    await send<AlarmView>('POST', `${pathOf(alarm)}/acknowledge`, { comment: textOf(data, 'comment') });
    done();
    close();
  });
  return (
    <Dialog title={w.acknowledgeThis(whatOf(alarm, language.value, w))} close={close} atSide>
      <form class="alarm-form" onSubmit={onSubmit}>
        <div class="field">
          <label for={id}>{w.comment}</label>
          <textarea id={id} name="comment" maxLength={500} rows={3} aria-describedby={`${id}-hint`} />
          <p class="hint" id={`${id}-hint`}>
            {w.commentHint}
          </p>
        </div>
        <p class="form-failure" role="alert">
          {failure}
        </p>
        <button type="submit" class="primary" aria-disabled={busy}>
          {w.acknowledge}
        </button>
      </form>
    </Dialog>
  );
}

export function ShelveDialog({ alarm, close, done }: DialogProps) {
  const w = alarmWords.value;
  const id = useId();
  const { busy, failure, onSubmit } = useForm(async (data) => {
    const hours = Number(textOf(data, 'hours'));
    const forMs = hours === 0 ? null : hours * HOUR_MS;
    await send<AlarmView>('POST', `${pathOf(alarm)}/shelve`, { forMs, reason: textOf(data, 'reason') });
    done();
    close();
  });
  return (
    <Dialog title={w.shelveThis(whatOf(alarm, language.value, w))} close={close} atSide>
      <form class="alarm-form" onSubmit={onSubmit}>
        <p class="hint">{w.shelveHint}</p>
        <fieldset class="choice">
          <legend>{w.shelveFor}</legend>
          <div class="choice-options">
            {[1, 8, 24, 0].map((hours) => (
              <label key={hours}>
                <input type="radio" name="hours" value={String(hours)} defaultChecked={hours === 8} />
                {hours === 0 ? w.untilClear : w.hours(hours)}
              </label>
            ))}
          </div>
        </fieldset>
        <div class="field">
          <label for={id}>{w.reason}</label>
          <input id={id} name="reason" required maxLength={200} autocomplete="off" />
        </div>
        <p class="form-failure" role="alert">
          {failure}
        </p>
        <button type="submit" class="primary" aria-disabled={busy}>
          {w.shelve}
        </button>
      </form>
    </Dialog>
  );
}

export function DetailsDialog({ alarm, machine, close }: DialogProps) {
  const w = alarmWords.value;
  const reader = language.value;
  const zone = machine?.timeZone ?? 'UTC';
  const [history, setHistory] = useState<AlarmHistory | null>(null);
  const [failure, setFailure] = useState<FailureCode | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    get<AlarmHistory>(`${pathOf(alarm)}/history`, abort.signal).then(setHistory, (cause: unknown) =>
      setFailure(failureCode(cause)),
    );
    return () => abort.abort();
  }, [alarm.machine, alarm.id, turn]);
  const when = (atMs: number): string => formatDayClock(atMs, zone, reader);
  const fromMs = alarm.happenedMs - AROUND_MS;
  const toMs = (alarm.overMs ?? Math.round(nowMs.value)) + AROUND_MS;
  return (
    <Dialog title={whatOf(alarm, reader, w)} close={close} atSide>
      <p class="figures">{timesOf(alarm, zone, nowMs.value, reader, w).join(' · ')}</p>
      {alarm.channel !== null && (
        <p>
          <Link
            class="button"
            href={`/analysis${writeAddress({
              ...emptyAddress,
              series: [{ machine: alarm.machine, channel: alarm.channel.id }],
              span: { kind: 'fixed', fromMs, toMs },
            })}`}
          >
            {w.chart}
          </Link>
        </p>
      )}
      <h3>{w.historyTitle}</h3>
      {failure !== null && (
        <FailureNotice
          code={failure}
          retry={() => {
            setFailure(null);
            setTurn(turn + 1);
          }}
        />
      )}
      {history === null && failure === null && <div class="skeleton alarm-skeleton" aria-hidden="true" />}
      <ol class="alarm-history">
        {history?.entries.map((entry) => (
          <li key={`${entry.atMs} ${entry.kind}`}>
            <time class="figures" dateTime={new Date(entry.happenedMs).toISOString()}>
              {when(entry.happenedMs)}
            </time>
            <span class="wraps">
              {w.told[entry.kind]}
              {entry.by === null ? '' : ` ${w.by(entry.by)}`}
              {entry.text === '' ? '' : ` · ${entry.text}`}
              {entry.atMs - entry.happenedMs > 60_000 && (
                <span class="muted"> ({w.writtenAt(when(entry.atMs))})</span>
              )}
            </span>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
