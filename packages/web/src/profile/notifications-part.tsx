// Which mails about alarms one gets, and when; and a mail to try it. Kept as one, by one button.
import type { Notifications, NotificationsView } from '@vigie/contract';
import { useEffect, useId, useState } from 'preact/hooks';
import { get, send } from '../api.ts';
import { session } from '../session/session.ts';
import { useAct } from '../session/use-act.ts';
import { Choice } from '../shell/preferences.tsx';
import { profileWords } from './words.ts';

const NIGHT = { fromMinute: 22 * 60, toMinute: 7 * 60, alarms: true } as const;

const clockOf = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** `null`: no time is there. */
function minuteOf(clock: string): number | null {
  const [, hours, minutes] = /^(\d\d):(\d\d)/.exec(clock) ?? [];
  return hours === undefined || minutes === undefined ? null : Number(hours) * 60 + Number(minutes);
}

interface TickProps {
  readonly label: string;
  readonly checked: boolean;
  readonly set: (checked: boolean) => void;
}

function Tick({ label, checked, set }: TickProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => set(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

interface TimeProps {
  readonly label: string;
  readonly minute: number;
  readonly set: (minute: number) => void;
}

function Time({ label, minute, set }: TimeProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="time"
        required
        value={clockOf(minute)}
        onChange={(event) => {
          const chosen = minuteOf(event.currentTarget.value);
          if (chosen !== null) set(chosen);
        }}
      />
    </div>
  );
}

/** @param zone by whose clocks quiet hours are */
export function NotificationsPart({ zone }: { readonly zone: string }) {
  const w = profileWords.value;
  const [view, setView] = useState<NotificationsView | null>(null);
  const [done, setDone] = useState<'saved' | 'test' | null>(null);
  const { told, act } = useAct();
  useEffect(() => act(async () => setView(await get<NotificationsView>('/api/me/notifications'))), []);
  const now = session.value;
  if (now.kind !== 'in') return null;
  if (view === null) {
    return (
      <section class="panel settings">
        <h2>{w.notifications}</h2>
        <p class="form-failure" role="alert">
          {told}
        </p>
      </section>
    );
  }
  const { notifications: wishes, mails } = view;
  const change = (part: Partial<Notifications>): void => {
    setDone(null);
    setView({ mails, notifications: { ...wishes, ...part } });
  };
  const { quiet } = wishes;
  return (
    <section class="panel settings">
      <h2>{w.notifications}</h2>
      {!mails && <p class="muted">{w.notificationsNone}</p>}
      <Choice<Notifications['severity']>
        label={w.mailOf}
        value={wishes.severity}
        options={[
          { value: 'none', word: w.mailNone },
          { value: 'alarm', word: w.mailAlarms },
          { value: 'warning', word: w.mailWarnings },
        ]}
        choose={(severity) => change({ severity })}
      />
      {wishes.severity !== 'none' && (
        <>
          <Choice<Notifications['when']>
            label={w.mailWhen}
            value={wishes.when}
            options={[
              { value: 'at-once', word: w.mailAtOnce },
              { value: 'unacknowledged', word: w.mailUnacknowledged },
            ]}
            choose={(when) => change({ when })}
          />
          <p class="hint">{w.mailWhenHint}</p>
          <Tick label={w.mailRecovery} checked={wishes.recovery} set={(recovery) => change({ recovery })} />
          <Tick
            label={w.mailQuiet}
            checked={quiet !== null}
            set={(isOn) => change({ quiet: isOn ? NIGHT : null })}
          />
          {quiet !== null && (
            <>
              <div class="beside-start">
                <Time
                  label={w.mailQuietFrom}
                  minute={quiet.fromMinute}
                  set={(fromMinute) => change({ quiet: { ...quiet, fromMinute } })}
                />
                <Time
                  label={w.mailQuietTo}
                  minute={quiet.toMinute}
                  set={(toMinute) => change({ quiet: { ...quiet, toMinute } })}
                />
              </div>
              <Tick
                label={w.mailQuietAlarms}
                checked={quiet.alarms}
                set={(alarms) => change({ quiet: { ...quiet, alarms } })}
              />
              <p class="hint">{w.mailQuietHint(zone)}</p>
            </>
          )}
        </>
      )}
      <div class="beside-start">
        <button
          type="button"
          class="primary"
          onClick={() =>
            act(async () => {
              setView(await send<NotificationsView>('PUT', '/api/me/notifications', { ...wishes, zone }));
              setDone('saved');
            })
          }
        >
          {w.mailSave}
        </button>
        {mails && (
          <button
            type="button"
            onClick={() =>
              act(async () => {
                await send<null>('POST', '/api/me/notifications/test');
                setDone('test');
              })
            }
          >
            {w.mailTest}
          </button>
        )}
      </div>
      <p class="form-failure" role="alert">
        {told}
      </p>
      <p class="hint" role="status">
        {done === 'saved' && w.saved}
        {done === 'test' && w.mailTestSent(now.me.email)}
      </p>
    </section>
  );
}
