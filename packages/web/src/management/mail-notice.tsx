// Says on every page of management that the mail server takes nothing, since when, and how much waits. Nothing while it works.
import type { MailStatus } from '@vigie/contract';
import { useEffect, useState } from 'preact/hooks';
import { get } from '../api.ts';
import { nowMs } from '../clock.ts';
import { reloadCount } from '../connection.ts';
import { formatWhen } from '../i18n/format.ts';
import { language } from '../prefs.ts';
import { readerZone } from '../session/session.ts';
import { manageWords } from './words.ts';

export function MailNotice() {
  const w = manageWords.value;
  const [status, setStatus] = useState<MailStatus | null>(null);
  const reloads = reloadCount.value;
  useEffect(() => {
    // Without it the page is there all the same.
    get<MailStatus>('/api/manage/mail').then(setStatus, () => undefined);
  }, [reloads]);
  if (status === null || status.downSinceMs === null) return null;
  const since = formatWhen(status.downSinceMs, nowMs.value, readerZone.value, language.value);
  return (
    <div class="notice" role="status">
      <p>{w.mailDown(since, status.waiting)}</p>
      {status.why !== null && <p class="muted wraps">{status.why}</p>}
    </div>
  );
}
