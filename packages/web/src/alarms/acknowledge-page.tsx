// Where the link of a mail leads: its alarms, and a button that acknowledges them, without signing in. Opening it changes
// nothing, since programs that check mails do that too. The token stands behind the #, which no browser sends; it stays in
// the address, so that a reload shows the same: it serves for nothing else than these alarms.
import type { AcknowledgeView } from '@vigie/contract';
import { useEffect, useState } from 'preact/hooks';
import { send } from '../api.ts';
import { nowMs } from '../clock.ts';
import { formatWhen } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { failureSentence } from '../session/failure-words.ts';
import { Gate } from '../session/gate.tsx';
import { useAct } from '../session/use-act.ts';
import { Preferences } from '../shell/preferences.tsx';
import { acknowledgeWords } from './acknowledge-words.ts';
import '../styles/manage.css';

export function AcknowledgePage() {
  const w = acknowledgeWords.value;
  const [view, setView] = useState<AcknowledgeView | null>(null);
  const [cause, setCause] = useState<unknown>(null);
  const { told, act } = useAct();
  const token = location.hash.slice(1);
  const body = { token: token === '' ? '-' : token };
  useEffect(() => {
    send<AcknowledgeView>('POST', '/api/acknowledge/look', body).then(setView, setCause);
  }, []);
  if (cause !== null) {
    return (
      <Gate title={w.void} below={<Preferences />}>
        <p role="alert">{failureSentence(cause, words.value, language.value)}</p>
      </Gate>
    );
  }
  if (view === null) {
    return (
      <Gate title={words.value.loading} below={<Preferences />}>
        <p class="muted">{words.value.loading}</p>
      </Gate>
    );
  }
  const open = view.alarms.filter(({ acknowledgedBy }) => acknowledgedBy === null);
  return (
    <Gate title={open.length === 0 ? w.done : w.title} below={<Preferences />}>
      <ul class="sessions">
        {view.alarms.map(({ machine, machineName, alarm, names, happenedMs, timeZone, acknowledgedBy }) => (
          <li key={`${machine} ${alarm}`}>
            <p>
              <strong>{names === null ? machineName : `${machineName} · ${names[language.value]}`}</strong>
              <br />
              <span class="muted figures">
                {w.since(formatWhen(happenedMs, nowMs.value, timeZone, language.value))}
                {acknowledgedBy !== null && ` · ${w.by(acknowledgedBy)}`}
              </span>
            </p>
          </li>
        ))}
      </ul>
      {open.length > 0 && (
        <>
          <p class="muted">{w.text(view.name)}</p>
          <button
            type="button"
            class="primary"
            onClick={() =>
              act(async () => setView(await send<AcknowledgeView>('POST', '/api/acknowledge', body)))
            }
          >
            {w.acknowledge(open.length)}
          </button>
        </>
      )}
      <p class="form-failure" role="alert">
        {told}
      </p>
      <p>
        <a href="/alarms">{w.toAlarms}</a>
      </p>
    </Gate>
  );
}
