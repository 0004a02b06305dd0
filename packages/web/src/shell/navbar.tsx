// The navigation: a bar on top, whose links move to the bottom of a phone's screen (CSS).
// The logo reloads, turns only while a request runs, and says when the page is up to date.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Link, useRoute } from 'wouter-preact';
import { inFlight, lastAnswerMs } from '../api.ts';
import { reloadCount, serverLostMs } from '../connection.ts';
import { formatClock } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language, readerZone } from '../prefs.ts';
import { manages } from '../session/session.ts';
import { Logo } from './logo.tsx';

function freshWords(): string {
  if (serverLostMs.value !== null) return words.value.notUpToDate;
  if (lastAnswerMs.value === null) return words.value.updating;
  return words.value.upToDateAt(formatClock(lastAnswerMs.value, readerZone, language.value));
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
      </Link>
    </li>
  );
}

const fleetIcon = 'M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z';
const analysisIcon = 'M4 4v16h16M7.5 15l4-5 3.5 3 5-7';
const manageIcon =
  'M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11ZM3 19.5c0-3.3 2.7-5.5 6-5.5s6 2.2 6 5.5M16 5.2a3 3 0 0 1 0 5.6M17.5 14.4c2.1.6 3.5 2.3 3.5 5.1';
const settingsIcon =
  'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4ZM9 14.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z';

export function Navbar() {
  const w = words.value;
  const [onMachine] = useRoute('/m/*?');
  const [onFleet] = useRoute('/fleet');
  const [onAnalysis] = useRoute('/analysis');
  const [onProfile] = useRoute('/profile');
  const [onManage] = useRoute('/manage/*');
  return (
    <header class="navbar">
      <a class="skip" href="#content">
        {w.skipToContent}
      </a>
      <Reload />
      <nav aria-label={w.navMain}>
        <ul>
          <Item href="/fleet" word={w.navFleet} current={onFleet || onMachine} icon={fleetIcon} />
          <Item href="/analysis" word={w.navAnalysis} current={onAnalysis} icon={analysisIcon} />
          {manages.value && (
            <Item href="/manage/users" word={w.navManage} current={onManage} icon={manageIcon} />
          )}
          <Item href="/profile" word={w.navProfile} current={onProfile} icon={settingsIcon} />
        </ul>
      </nav>
    </header>
  );
}
