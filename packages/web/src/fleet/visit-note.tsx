// What happened since the reader's last visit: three lines, of which each says that there was nothing, too.
import type { Fleet, Visit } from '@vigie/contract';
import { nowMs } from '../clock.ts';
import { formatDayClock, formatWhen } from '../i18n/format.ts';
import { language } from '../prefs.ts';
import { readerZone } from '../session/session.ts';
import { words } from './words.ts';

const mostNames = 3;

export function VisitNote({ visit, fleet }: { readonly visit: Visit; readonly fleet: Fleet }) {
  const w = words.value;
  const { sinceMs, alarms, alarmed, silenced, appeared } = visit;
  if (sinceMs === null) return null;
  const line = (what: string, ids: readonly string[]): string => {
    // One that is retired by now has no name here.
    const names = ids.flatMap((id) => fleet.machines.find((machine) => machine.id === id)?.name ?? []);
    if (names.length === 0) return what;
    const more = names.length > mostNames ? ` ${w.andMore(names.length - mostNames)}` : '';
    return w.visitNames(what, names.slice(0, mostNames).join(', ') + more);
  };
  const when = formatWhen(sinceMs, nowMs.peek(), readerZone.value, language.value);
  return (
    <section class="panel visit" aria-labelledby="visit-title">
      <h2 id="visit-title" title={formatDayClock(sinceMs, readerZone.value, language.value)}>
        {w.visitTitle(when)}
      </h2>
      <ul>
        <li>{line(w.visitAlarms(alarms), alarmed)}</li>
        <li>{line(w.visitSilent(silenced.length), silenced)}</li>
        <li>{line(w.visitNew(appeared.length), appeared)}</li>
      </ul>
    </section>
  );
}
