// Where one is signed in: each session with its browser, address and last use, and a way to end it.
import type { SessionView } from '@vigie/contract';
import { useEffect, useState } from 'preact/hooks';
import { get, send } from '../api.ts';
import { nowMs } from '../clock.ts';
import { formatAge } from '../i18n/format.ts';
import { language } from '../prefs.ts';
import { useAct } from '../session/use-act.ts';
import { browserOf } from './browser.ts';
import { profileWords } from './words.ts';

/** Seen is written once a minute. */
const NOW_MS = 120_000;

export function SessionsPart() {
  const w = profileWords.value;
  const [sessions, setSessions] = useState<readonly SessionView[]>([]);
  const { told, act } = useAct();
  const load = async (): Promise<void> => setSessions(await get<readonly SessionView[]>('/api/me/sessions'));
  useEffect(() => act(load), []);
  const end = (path: string): void =>
    act(async () => {
      await send<null>('DELETE', path);
      await load();
    });
  const seen = (session: SessionView): string =>
    nowMs.value - session.seenMs < NOW_MS
      ? w.sessionNow
      : formatAge(nowMs.value - session.seenMs, language.value);
  return (
    <section class="panel settings">
      <h2>{w.sessions}</h2>
      <ul class="sessions">
        {sessions.map((session) => {
          const browser = browserOf(session.agent) ?? w.unknownBrowser;
          return (
            <li key={session.id}>
              <p>
                <strong>{browser}</strong>
                {session.own && ` (${w.thisSession})`}
                <br />
                <span class="muted figures">{w.sessionLine(seen(session), session.address)}</span>
              </p>
              {!session.own && (
                <button
                  type="button"
                  aria-label={w.endSession(browser)}
                  onClick={() => end(`/api/me/sessions/${session.id}`)}
                >
                  {w.end}
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {sessions.length > 1 && (
        <button type="button" class="start" onClick={() => end('/api/me/sessions')}>
          {w.endOthers}
        </button>
      )}
      <p class="form-failure" role="alert">
        {told}
      </p>
    </section>
  );
}
