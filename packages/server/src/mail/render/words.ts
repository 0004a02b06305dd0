// Words of mails, in both languages; a key that one of them lacks fails the type check. The fact, since when, what to do;
// polite, no jargon. Not here: numbers and instants (contract/format.ts).
import type { AlarmKind, AlarmSeverity, Language, SilenceCause } from '@vigie/contract';

export interface Words {
  /** In the subject, between brackets. */
  readonly tag: (severity: AlarmSeverity, isEscalated: boolean) => string;
  readonly tagOver: string;
  readonly tagLate: string;
  readonly alarms: (count: number) => string;
  /** Of an alarm that is of the machine, or in place of a channel that is not known. */
  readonly subjectOf: Readonly<Record<AlarmKind, string>>;
  /** `of`: the channel; value and limit with their unit, `null`: there is no number to it; `past`: it is over. */
  readonly sentence: (
    kind: AlarmKind,
    facts: { of: string; value: string | null; limit: string | null; past: boolean },
  ) => string;
  readonly cause: Readonly<Record<SilenceCause, string>>;
  readonly since: (when: string) => string;
  readonly rungFromTo: (from: string, to: string, span: string) => string;
  readonly overAfter: (span: string) => string;
  readonly peak: (value: string, when: string) => string;
  readonly peakLow: (value: string, when: string) => string;
  readonly times: (count: number) => string;
  readonly rings: string;
  readonly isOver: string;
  readonly acknowledgedBy: (name: string) => string;
  readonly escalated: string;
  readonly late: (machine: string) => string;
  readonly andMore: (count: number) => string;
  readonly nowRinging: string;
  readonly nowOver: string;
  readonly open: string;
  readonly openList: string;
  readonly acknowledge: string;
  readonly acknowledgeHint: string;
  readonly picture: (channel: string) => string;
  readonly limit: string;
  readonly warningLimit: string;
  readonly noData: string;
  readonly ringing: string;
  readonly zone: (zone: string) => string;
  readonly why: string;
  readonly change: string;
  readonly invitationSubject: string;
  readonly resetSubject: string;
  readonly greeting: (name: string) => string;
  readonly invitation: string;
  readonly reset: string;
  readonly choose: string;
  readonly validUntil: (when: string) => string;
  readonly onlyOnce: string;
  readonly whyAccount: string;
  readonly testSubject: string;
  readonly test: string;
  readonly openSite: string;
}

const en: Words = {
  tag: (severity, isEscalated) =>
    `${severity === 'alarm' ? 'Alarm' : 'Warning'}${isEscalated ? ', not acknowledged' : ''}`,
  tagOver: 'Over',
  tagLate: 'Late data',
  alarms: (count) => (count === 1 ? '1 alarm' : `${count} alarms`),
  subjectOf: {
    'alarm-low': 'value too low',
    'alarm-high': 'value too high',
    'warning-low': 'value low',
    'warning-high': 'value high',
    rate: 'changes too fast',
    stuck: 'sensor stuck',
    missing: 'sensor does not answer',
    silent: 'silent',
    budget: 'data plan almost used',
    clock: 'time not known',
    spool: 'hardly any room left on the box',
  },
  sentence: (kind, { of, value, limit, past }) => {
    const beyond = (side: string, word: string): string =>
      `${of} ${past ? 'was' : 'is'}${value === null ? '' : ` ${value},`} ${side} its ${word} limit${limit === null ? '' : ` of ${limit}`}`;
    switch (kind) {
      case 'alarm-low':
        return beyond('below', 'alarm');
      case 'alarm-high':
        return beyond('above', 'alarm');
      case 'warning-low':
        return beyond('below', 'warning');
      case 'warning-high':
        return beyond('above', 'warning');
      case 'rate':
        return `${of} ${past ? 'changed' : 'changes'} faster than it may${limit === null ? '' : ` (${limit} a minute)`}`;
      case 'stuck':
        return `${of} ${past ? 'stayed' : 'stays'}${value === null ? ' the same' : ` at ${value}`}: its sensor may be stuck`;
      case 'missing':
        return `The sensor of ${of} ${past ? 'did' : 'does'} not answer`;
      case 'silent':
        return past ? 'Nothing came from this machine' : 'Nothing comes from this machine any more';
      case 'budget':
        return `Most of this month’s data plan ${past ? 'was' : 'is'} used`;
      case 'clock':
        return past ? 'Rows came in whose time is not known' : 'Rows come in whose time is not known';
      case 'spool':
        return `The box ${past ? 'had' : 'has'} hardly any room left: its oldest rows are thinned, then dropped`;
    }
  },
  cause: {
    'controller-mute': 'The box answers, the controller does not.',
    'link-or-edge': 'The link or the box is down; which of them is known when the box is heard again.',
    'edge-off': 'The box was off.',
    'link-down': 'The link was down; the box went on recording.',
  },
  since: (when) => `since ${when}`,
  rungFromTo: (from, to, span) => `from ${from} to ${to} (${span})`,
  overAfter: (span) => `Over after ${span}.`,
  peak: (value, when) => `Highest value: ${value} at ${when}.`,
  peakLow: (value, when) => `Lowest value: ${value} at ${when}.`,
  times: (count) => `It came and went ${count} times.`,
  rings: 'still rings',
  isOver: 'over',
  acknowledgedBy: (name) => `Acknowledged by ${name}.`,
  escalated: 'Nobody has acknowledged it for half an hour.',
  late: (machine) =>
    `These rows of ${machine} came late, after the box had been out of reach: what follows happened then.`,
  andMore: (count) => `and ${count} more`,
  nowRinging: 'Ringing',
  nowOver: 'Over',
  open: 'Open the alarm',
  openList: 'Open the alarms',
  acknowledge: 'Acknowledge…',
  acknowledgeHint: 'The link shows a page with a button; nothing is acknowledged before you press it.',
  picture: (channel) => `${channel}, last 24 hours`,
  limit: 'alarm limit',
  warningLimit: 'warning limit',
  noData: 'no data',
  ringing: 'ringing',
  zone: (zone) => `Times are those of ${zone}.`,
  why: 'You get this mail because this machine is linked to your account.',
  change: 'Which mails you get, and when',
  invitationSubject: 'Your access to Vigie',
  resetSubject: 'Choose a new password for Vigie',
  greeting: (name) => `Hello ${name},`,
  invitation: 'an account on Vigie was made for you. Please choose a password to sign in.',
  reset: 'somebody who manages your account on Vigie asks you to choose a new password.',
  choose: 'Choose a password',
  validUntil: (when) => `The link is good until ${when}.`,
  onlyOnce: 'It serves once. Please pass it on to nobody.',
  whyAccount: 'You get this mail because an administrator entered your address.',
  testSubject: 'A test mail from Vigie',
  test: 'mails from Vigie reach you at this address.',
  openSite: 'Open Vigie',
};

const fr: Words = {
  tag: (severity, isEscalated) =>
    `${severity === 'alarm' ? 'Alarme' : 'Avertissement'}${isEscalated ? (severity === 'alarm' ? ' non acquittée' : ' non acquitté') : ''}`,
  tagOver: 'Terminé',
  tagLate: 'Données tardives',
  alarms: (count) => (count === 1 ? '1 alarme' : `${count} alarmes`),
  subjectOf: {
    'alarm-low': 'valeur trop basse',
    'alarm-high': 'valeur trop haute',
    'warning-low': 'valeur basse',
    'warning-high': 'valeur haute',
    rate: 'varie trop vite',
    stuck: 'capteur bloqué',
    missing: 'capteur muet',
    silent: 'silencieuse',
    budget: 'forfait de données presque épuisé',
    clock: 'heure inconnue',
    spool: 'presque plus de place dans le boîtier',
  },
  sentence: (kind, { of, value, limit, past }) => {
    const beyond = (side: string, word: string): string =>
      `${of}\u00a0: ${value === null ? '' : `${value}, `}${side} du seuil ${word}${limit === null ? '' : ` de ${limit}`}`;
    switch (kind) {
      case 'alarm-low':
        return beyond('au-dessous', 'd’alarme');
      case 'alarm-high':
        return beyond('au-dessus', 'd’alarme');
      case 'warning-low':
        return beyond('au-dessous', 'd’avertissement');
      case 'warning-high':
        return beyond('au-dessus', 'd’avertissement');
      case 'rate':
        return `${of} ${past ? 'variait' : 'varie'} plus vite que permis${limit === null ? '' : ` (${limit} par minute)`}`;
      case 'stuck':
        return `${of} ${past ? 'restait' : 'reste'} ${value === null ? 'sans varier' : `à ${value}`}\u00a0: le capteur est peut-être bloqué`;
      case 'missing':
        return `Le capteur «\u00a0${of}\u00a0» ne ${past ? 'répondait' : 'répond'} pas`;
      case 'silent':
        return `Plus rien ${past ? 'n’arrivait' : 'n’arrive'} de cette machine`;
      case 'budget':
        return `Le forfait de données du mois ${past ? 'était' : 'est'} presque épuisé`;
      case 'clock':
        return `Des lignes ${past ? 'arrivaient' : 'arrivent'} dont l’heure n’est pas connue`;
      case 'spool':
        return `Le boîtier ${past ? 'n’avait' : 'n’a'} presque plus de place\u00a0: ses lignes les plus anciennes sont réduites, puis perdues`;
    }
  },
  cause: {
    'controller-mute': 'Le boîtier répond, l’automate non.',
    'link-or-edge':
      'La liaison ou le boîtier est en panne\u00a0; on saura lequel quand le boîtier se fera entendre.',
    'edge-off': 'Le boîtier était éteint.',
    'link-down': 'La liaison était coupée\u00a0; le boîtier a continué d’enregistrer.',
  },
  since: (when) => `depuis ${when}`,
  rungFromTo: (from, to, span) => `de ${from} à ${to} (${span})`,
  overAfter: (span) => `Terminé après ${span}.`,
  peak: (value, when) => `Valeur la plus haute\u00a0: ${value} à ${when}.`,
  peakLow: (value, when) => `Valeur la plus basse\u00a0: ${value} à ${when}.`,
  times: (count) => `Apparue et disparue ${count} fois.`,
  rings: 'en cours',
  isOver: 'terminé',
  acknowledgedBy: (name) => `Acquittée par ${name}.`,
  escalated: 'Personne ne l’a acquittée depuis une demi-heure.',
  late: (machine) =>
    `Ces lignes de ${machine} sont arrivées en retard, le boîtier ayant été hors d’atteinte\u00a0: ce qui suit date d’alors.`,
  andMore: (count) => `et ${count} de plus`,
  nowRinging: 'En cours',
  nowOver: 'Terminé',
  open: 'Ouvrir l’alarme',
  openList: 'Ouvrir les alarmes',
  acknowledge: 'Acquitter…',
  acknowledgeHint:
    'Le lien montre une page avec un bouton\u00a0; rien n’est acquitté avant que vous ne le pressiez.',
  picture: (channel) => `${channel}, dernières 24 heures`,
  limit: 'seuil d’alarme',
  warningLimit: 'seuil d’avertissement',
  noData: 'pas de données',
  ringing: 'en alarme',
  zone: (zone) => `Les heures sont celles de ${zone}.`,
  why: 'Vous recevez cet e-mail parce que cette machine est liée à votre compte.',
  change: 'Quels e-mails vous recevez, et quand',
  invitationSubject: 'Votre accès à Vigie',
  resetSubject: 'Choisissez un nouveau mot de passe pour Vigie',
  greeting: (name) => `Bonjour ${name},`,
  invitation: 'un compte Vigie a été créé pour vous. Choisissez un mot de passe pour vous connecter.',
  reset: 'la personne qui gère votre compte Vigie vous demande de choisir un nouveau mot de passe.',
  choose: 'Choisir un mot de passe',
  validUntil: (when) => `Le lien est valable jusqu’au ${when}.`,
  onlyOnce: 'Il ne sert qu’une fois. Ne le transmettez à personne.',
  whyAccount: 'Vous recevez cet e-mail parce qu’un administrateur a saisi votre adresse.',
  testSubject: 'Un e-mail d’essai de Vigie',
  test: 'les e-mails de Vigie vous parviennent à cette adresse.',
  openSite: 'Ouvrir Vigie',
};

export const mailWords: Readonly<Record<Language, Words>> = { en, fr };
