// Words of the page to which the link of a mail leads.
import { wordsOf } from '../i18n/words.ts';

const en = {
  title: 'Acknowledge',
  done: 'Acknowledged',
  void: 'This link does not serve any more',
  since: (when: string) => `since ${when}`,
  by: (name: string) => `acknowledged by ${name}`,
  text: (name: string) => `In the name of ${name}. It says that somebody has seen it and takes care.`,
  acknowledge: (count: number) => (count === 1 ? 'Acknowledge' : `Acknowledge ${count} alarms`),
  toAlarms: 'Go to the alarms',
};

const fr: typeof en = {
  title: 'Acquitter',
  done: 'Acquitté',
  void: 'Ce lien ne sert plus',
  since: (when) => `depuis ${when}`,
  by: (name) => `acquittée par ${name}`,
  text: (name) => `Au nom de ${name}. Cela dit que quelqu’un l’a vue et s’en occupe.`,
  acknowledge: (count) => (count === 1 ? 'Acquitter' : `Acquitter ${count} alarmes`),
  toAlarms: 'Aller aux alarmes',
};

export const acknowledgeWords = wordsOf({ en, fr });
