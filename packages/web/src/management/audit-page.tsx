// The audit: who did what to whom, when, from where; newest first, more on demand.
import type { Audit, AuditEntry } from '@vigie/contract';
import { useEffect, useState } from 'preact/hooks';
import { type FailureCode, failureCode, get } from '../api.ts';
import { reloadCount } from '../connection.ts';
import { dateFormat } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { readerZone } from '../session/session.ts';
import { FailureNotice } from '../shell/notices.tsx';
import { Frame, Skeleton } from './frame.tsx';
import { manageWords } from './words.ts';

function sentence({ action, user, machine }: AuditEntry): string {
  const w = manageWords.value;
  const whom = [user, machine].filter((one) => one !== null).join(' – ');
  return whom === '' ? w.action[action] : `${w.action[action]} ${whom}`;
}

function factsOf({ action, facts }: AuditEntry): string {
  const w = manageWords.value;
  if (action === 'role-changed') {
    const [before, after] = [facts.before, facts.after].map(
      (one) => w.role[one as keyof typeof w.role] ?? String(one),
    );
    return `${before} → ${after}`;
  }
  return Object.entries(facts)
    .filter(([field]) => field !== 'role')
    .map(([, value]) => String(value))
    .join(', ');
}

export function AuditPage() {
  const w = manageWords.value;
  const [audit, setAudit] = useState<Audit | null>(null);
  const [failure, setFailure] = useState<FailureCode | null>(null);
  const reloads = reloadCount.value;
  const load = async (before: AuditEntry | undefined): Promise<void> => {
    try {
      const page = await get<Audit>(`/api/audit${before === undefined ? '' : `?before=${before.id}`}`);
      const known = before === undefined ? [] : (audit?.entries ?? []);
      setAudit({ entries: [...known, ...page.entries], more: page.more });
      setFailure(null);
    } catch (cause) {
      setFailure(failureCode(cause));
    }
  };
  useEffect(() => {
    void load(undefined);
  }, [reloads]);
  const format = dateFormat(language.value, readerZone.value, { dateStyle: 'short', timeStyle: 'medium' });
  return (
    <Frame title={w.audit}>
      {failure !== null && <FailureNotice code={failure} retry={() => void load(undefined)} />}
      {audit === null && failure === null && <Skeleton />}
      {audit !== null && audit.entries.length === 0 && <p class="muted">{w.auditNone}</p>}
      {audit !== null && audit.entries.length > 0 && (
        <div class="panel flush">
          <table class="listing">
            <thead>
              <tr>
                <th scope="col">{w.when}</th>
                <th scope="col">{w.who}</th>
                <th scope="col">{w.what}</th>
                <th scope="col">{w.where}</th>
              </tr>
            </thead>
            <tbody>
              {audit.entries.map((entry) => (
                <tr key={entry.id}>
                  <th scope="row" class="figures">
                    {format.format(entry.atMs)}
                  </th>
                  <td data-label={w.who}>{entry.actor ?? w.commandLine}</td>
                  <td data-label={w.what} class="wraps">
                    <span>
                      {sentence(entry)} <span class="muted">{factsOf(entry)}</span>
                    </span>
                  </td>
                  <td data-label={w.where} class="figures">
                    {entry.address ?? words.value.noValue}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {audit?.more === true && (
        <button type="button" onClick={() => void load(audit.entries.at(-1))}>
          {words.value.more}
        </button>
      )}
    </Frame>
  );
}
