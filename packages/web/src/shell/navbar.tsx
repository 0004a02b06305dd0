// The navigation: a bar on top, whose links move to the bottom of a phone's screen (CSS).
// The logo reloads, turns only while a request runs, and says when the page is up to date.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import { alarmCount, watchAlarmCount } from '../alarms/alarm-count.ts';
import { inFlight, lastAnswerMs } from '../api.ts';
import { reloadCount, serverLostMs } from '../connection.ts';
import { formatClock } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { readerZone } from '../session/session.ts';
import { Logo } from './logo.tsx';
import { overlay } from './overlay.ts';
import { isCurrent, type Place } from './places.ts';

function freshWords(): string {
  if (serverLostMs.value !== null) return words.value.notUpToDate;
  if (lastAnswerMs.value === null) return words.value.updating;
  return words.value.upToDateAt(formatClock(lastAnswerMs.value, readerZone.value, language.value));
}

function Reload() {
  const busy = inFlight.value > 0;
  const asked = useRef(false);
  const [announced, setAnnounced] = useState('');
  // Said aloud only when it was asked for: the page also fetches by itself.
  useEffect(() => {
    if (!asked.current) return;
    if (busy) setAnnounced(words.value.updating);
    else {
      asked.current = false;
      setAnnounced(freshWords());
    }
  }, [busy]);
  return (
    <div class="reload">
      <button
        type="button"
        class="reload-button"
        aria-label={words.value.reload}
        title={words.value.reload}
        onClick={() => {
          asked.current = true;
          reloadCount.value += 1;
        }}
      >
        <Logo turning={busy} />
      </button>
      <span class="reload-words">{freshWords()}</span>
      <span class="unseen" role="status">
        {announced}
      </span>
    </div>
  );
}

/** How many alarms ring, coloured by the worst; none: how many wait for somebody, without colour; none: nothing. Not known: a question. */
function AlarmBadge() {
  const count = alarmCount.value;
  if (count === null) {
    return serverLostMs.value === null ? null : (
      <>
        <span class="nav-badge badge-waiting" aria-hidden="true">
          ?
        </span>
        <span class="unseen">, {words.value.navAlarmsUnknown}</span>
      </>
    );
  }
  const { active, unacknowledged, worst } = count;
  const shown = active > 0 ? active : unacknowledged;
  if (shown === 0) return null;
  const w = words.value;
  return (
    <>
      <span class={`nav-badge badge-${worst ?? 'waiting'}`} aria-hidden="true">
        {shown > 99 ? '99+' : shown}
      </span>
      <span class="unseen">
        , {active > 0 ? w.navAlarmsActive(active) : w.navAlarmsWaiting(unacknowledged)}
      </span>
    </>
  );
}

interface ItemProps {
  readonly href: string;
  readonly word: string;
  readonly current: boolean;
  readonly icon: string;
}

function Item({ href, word, current, icon }: ItemProps) {
  return (
    <li>
      <Link href={href} aria-current={current ? 'page' : undefined}>
        <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
          <path d={icon} class="stroke" />
        </svg>
        <span>{word}</span>
        {href === '/alarms' && <AlarmBadge />}
      </Link>
    </li>
  );
}

export function Navbar({ places }: { readonly places: readonly Place[] }) {
  const w = words.value;
  const [location] = useLocation();
  useEffect(() => watchAlarmCount(), []);
  return (
    <header class="navbar">
      <a class="skip" href="#content">
        {w.skipToContent}
      </a>
      <Reload />
      <nav aria-label={w.navMain}>
        <ul>
          {places.map(({ name, path, bar }) =>
            bar === null ? null : (
              <Item
                key={path}
                href={path}
                word={w[name]}
                current={isCurrent(bar, location)}
                icon={bar.icon}
              />
            ),
          )}
        </ul>
      </nav>
      <button
        type="button"
        class="go-button"
        aria-label={w.goTo}
        title={w.goTo}
        aria-keyshortcuts="Control+K Meta+K"
        onClick={() => {
          overlay.value = 'go-to';
        }}
      >
        <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
          <path d="M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.3 15.3 20 20" class="stroke" />
        </svg>
      </button>
    </header>
  );
}
