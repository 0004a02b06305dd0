// One sentence per entry of the journal, in the reader's language. Pure. Tolerant: a fact that is missing
// or unknown shortens the sentence, and never breaks it.
import type { Channel, JournalEntry, Language, MachineSchema } from '@vigie/contract';
import type { Level } from '@vigie/model/evaluate';
import { undatedWords } from '../charts/undated-words.ts';
import { formatNumber, withUnit } from '../i18n/format.ts';
import type { Dictionary } from '../i18n/words.ts';
import { levelWord, stateWord } from './state-words.ts';

export type JournalTone = 'plain' | 'warning' | 'alarm' | 'fault';

export interface JournalLine {
  readonly text: string;
  readonly tone: JournalTone;
}

const levels: ReadonlySet<string> = new Set<Level>([
  'normal',
  'warning-low',
  'warning-high',
  'alarm-low',
  'alarm-high',
  'inactive',
  'no-limits',
  'sensor-fault',
]);

function isLevel(fact: unknown): fact is Level {
  return typeof fact === 'string' && levels.has(fact);
}

/** Why rows are missing, in words. Reasons the page does not know are shown as they came. */
export function reasonWords(reason: string | null, words: Dictionary): string {
  switch (reason) {
    case null:
      return words.reasonUnknown;
    case 'edge-off':
      return words.reasonEdgeOff;
    case 'undated':
      return words.reasonUndated;
    case 'controller-silent':
      return words.reasonControllerSilent;
    case 'not-received':
      return words.reasonSilent;
    case 'spool-full':
      return words.reasonSpoolFull;
    case 'spool-damaged':
    case 'spool-lost':
      return words.reasonSpoolDamaged;
    case 'block-set-aside':
      return words.reasonSetAside;
    case 'thinned':
      return words.reasonThinned;
    default:
      return reason;
  }
}

export function journalLine(
  entry: JournalEntry,
  schema: MachineSchema | null,
  zone: string,
  language: Language,
  words: Dictionary,
): JournalLine {
  const { facts } = entry;
  const channel: Channel | null = schema?.channels.find(({ id }) => id === entry.channel) ?? null;
  const name = channel?.names[language] ?? entry.channel ?? words.journalSomeChannel;
  const reading = (value: number): string =>
    withUnit(formatNumber(value, channel?.decimals ?? null, language), channel?.unit ?? '');
  const at = typeof facts.value === 'number' ? words.journalAt(reading(facts.value)) : '';
  const because =
    typeof facts.reason === 'string' ? words.journalBecause(reasonWords(facts.reason, words)) : '';
  const plain = (text: string): JournalLine => ({ text, tone: 'plain' });
  switch (entry.kind) {
    case 'edge-connected':
      return plain(words.journalConnected);
    case 'edge-disconnected':
      return plain(words.journalDisconnected + because);
    case 'edge-boot':
      return plain(
        typeof facts.boot === 'number'
          ? words.journalBootNumber(formatNumber(facts.boot, 0, language))
          : words.journalBoot,
      );
    case 'boots-undated': {
      const { rows, boot, lastBoot, afterMs, beforeMs } = facts;
      const known = typeof rows === 'number' && typeof boot === 'number' && typeof lastBoot === 'number';
      if (!known) return plain(words.undatedList);
      const band = {
        rows,
        firstBoot: boot,
        lastBoot,
        afterMs: typeof afterMs === 'number' ? afterMs : null,
        beforeMs: typeof beforeMs === 'number' ? beforeMs : null,
      };
      return plain(undatedWords(band, zone, language, words));
    }
    case 'gap':
      return plain(
        (typeof facts.rows === 'number'
          ? words.journalGapRows(formatNumber(facts.rows, 0, language))
          : words.journalGap) + because,
      );
    case 'state': {
      const states = channel ?? schema?.channels.find(({ id }) => id === (schema.stateChannel ?? '')) ?? null;
      const word = (value: number): string => stateWord(states, value, language, words);
      if (typeof facts.to !== 'number') return plain(words.journalState(words.noValue));
      if (typeof facts.from !== 'number') return plain(words.journalState(word(facts.to)));
      return plain(words.journalStateFrom(word(facts.from), word(facts.to)));
    }
    case 'limit-crossed': {
      const level = isLevel(facts.level) ? facts.level : null;
      const word = level === null ? words.stateWarningHigh : levelWord(level, words);
      const alarm = level === 'alarm-low' || level === 'alarm-high';
      return { text: words.journalCrossed(name, word) + at, tone: alarm ? 'alarm' : 'warning' };
    }
    case 'limit-returned':
      return plain(words.journalReturned(name) + at);
    case 'sensor-fault':
      return { text: words.journalFault(name), tone: 'fault' };
    case 'sensor-back':
      return plain(words.journalSensorBack(name));
    case 'counter-reset': {
      const { before, after } = facts;
      const known = typeof before === 'number' && typeof after === 'number';
      return plain(
        words.journalCounterReset(name) + (known ? words.journalFromTo(reading(before), reading(after)) : ''),
      );
    }
    case 'block-set-aside':
      return plain(words.journalSetAside);
    case 'settings-applied':
      return plain(words.journalSettingsApplied);
    case 'settings-refused': {
      const why = typeof facts.why === 'string' ? facts.why : words.reasonUnknown;
      return { text: words.journalSettingsRefused(why), tone: 'warning' };
    }
    case 'credential-revoked':
      return plain(words.journalCredentialRevoked);
    case 'key-rotated':
      return plain(words.journalKeyRotated);
    case 'spool-cloned':
      return { text: words.journalSpoolCloned, tone: 'alarm' };
    default:
      // A server newer than this page may tell of something it has no sentence for.
      return plain(String(entry.kind));
  }
}
