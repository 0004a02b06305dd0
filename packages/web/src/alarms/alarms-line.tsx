// The line below the fleet's sentence that says how many alarms ring and wait; the way to them. With its own words, since the
// first view of the site carries it. Nothing rings and nothing waits: nothing is shown, the sentence is enough.
import { Link } from 'wouter-preact';
import { serverLostMs } from '../connection.ts';
import { wordsOf } from '../i18n/words.ts';
import { alarmCount } from './alarm-count.ts';

const en = {
  active: (count: number) =>
    count === 0 ? 'No alarm rings' : count === 1 ? '1 alarm rings' : `${count} alarms ring`,
  waiting: (count: number) => ` · ${count} not acknowledged`,
};
const fr: typeof en = {
  active: (count) =>
    count === 0 ? 'Aucune alarme en cours' : count === 1 ? '1 alarme en cours' : `${count} alarmes en cours`,
  waiting: (count) => ` · ${count} à acquitter`,
};
const lineWords = wordsOf({ en, fr });

/** `null`: there is nothing to say. */
export function alarmsSentence(): string | null {
  const count = alarmCount.value;
  if (count === null || count.active + count.unacknowledged === 0) return null;
  const w = lineWords.value;
  return w.active(count.active) + (count.unacknowledged === 0 ? '' : w.waiting(count.unacknowledged));
}

export function AlarmsLine() {
  const sentence = alarmsSentence();
  // What was true before the server was lost is not said as if it were true now.
  return sentence === null || serverLostMs.value !== null ? null : (
    <p>
      <Link href="/alarms">{sentence}</Link>
    </p>
  );
}
