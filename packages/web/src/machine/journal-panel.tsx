// What happened to the machine, newest first, one sentence each, in the site's local time.
import type { MachineView } from '@vigie/contract';
import { useState } from 'preact/hooks';
import { formatClockSeconds, formatDay } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { FailureNotice } from '../shell/notices.tsx';
import { journalLine } from './journal-sentence.ts';
import type { MachineStore } from './machine-store.ts';
import { StateIcon } from './state-icon.tsx';

export function JournalPanel({ store, view }: { readonly store: MachineStore; readonly view: MachineView }) {
  const w = words.value;
  const [busy, setBusy] = useState(false);
  const entries = store.journal.value;
  const failed = store.journalFailure.value;
  const more = (): void => {
    if (busy) return;
    setBusy(true);
    void store.olderJournal().finally(() => setBusy(false));
  };
  let day = '';
  return (
    <section class="panel" aria-labelledby="journal-title">
      <h2 id="journal-title">{w.journalTitle}</h2>
      {entries === null && failed === null && (
        <div class="skeleton-rows" aria-hidden="true">
          {[1, 2, 3, 4, 5].map((row) => (
            <div key={row} class="skeleton" />
          ))}
        </div>
      )}
      {failed !== null && <FailureNotice code={failed} retry={() => void store.retryJournal()} />}
      {entries !== null && entries.length === 0 && <p class="muted">{w.journalEmpty}</p>}
      {entries !== null && entries.length > 0 && (
        <ol class="journal">
          {entries.flatMap((entry) => {
            const line = journalLine(entry, view.schema, view.timeZone, language.value, w);
            const date = formatDay(entry.atMs, view.timeZone, language.value);
            const heading =
              date === day
                ? []
                : [
                    <li key={date} class="journal-day">
                      {date}
                    </li>,
                  ];
            day = date;
            return [
              ...heading,
              <li key={`${entry.atMs} ${entry.kind} ${entry.channel}`} class={`journal-${line.tone}`}>
                <time dateTime={new Date(entry.atMs).toISOString()} class="figures">
                  {formatClockSeconds(entry.atMs, view.timeZone, language.value)}
                </time>
                <span>
                  {line.tone !== 'plain' && <StateIcon tone={line.tone} />}
                  {line.text}
                </span>
              </li>,
            ];
          })}
        </ol>
      )}
      {store.journalMore.value && (
        <button type="button" aria-disabled={busy} onClick={more}>
          {busy ? w.loading : w.more}
        </button>
      )}
    </section>
  );
}
