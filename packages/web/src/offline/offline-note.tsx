// Says in plain sight that what is shown was kept on this device, and how old it is.
import { nowMs } from '../clock.ts';
import { formatAge, formatWhen } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { readerZone } from '../session/session.ts';
import { recalledMs } from './kept.ts';

export function OfflineNote() {
  const atMs = recalledMs.value;
  if (atMs === null) return null;
  const now = nowMs.value;
  const when = formatWhen(atMs, now, readerZone.value, language.value);
  return (
    <aside class="offline-note" aria-label={words.value.offline}>
      <strong>{words.value.offline}</strong>{' '}
      {words.value.offlineValues(when, formatAge(now - atMs, language.value))}
    </aside>
  );
}
