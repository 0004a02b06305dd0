// Words that only the page of the fleet needs.
import type { Language } from '@vigie/contract';
import { wordsOf } from '../i18n/words.ts';

const en = {
  title: 'Machines',
  machine: 'Machine',
  state: 'State',
  values: 'Key values',
  last: 'Last reading',
  week: 'Last 7 days',
  connected: 'connected',
  disconnected: 'not connected',

  // States of the list, where the model’s own words do not say it
  silent: 'no news',
  silentFor: (span: string) => `for ${span}`,
  never: 'nothing received yet',
  undated: 'rows without a known time',
  late: 'late',
  lateWas: (word: string) => `late · was ${word}`,
  stopped: 'stopped',
  since: (name: string, when: string | null) => (when === null ? name : `${name}, since ${when}`),
  others: (count: number) => ` (and ${count} more)`,
  neverAge: 'never',
  justNow: 'less than a minute ago',

  // The sentence
  machines: (count: number) => (count === 1 ? '1 machine' : `${count} machines`),
  above: (machine: string, name: string) => `${machine}: ${name} too high`,
  below: (machine: string, name: string) => `${machine}: ${name} too low`,
  noAnswer: (machine: string, name: string) => `${machine}: ${name}`,
  alsoSilent: (count: number) => (count === 1 ? '1 machine silent' : `${count} machines silent`),
  alsoNever: (count: number) => (count === 1 ? '1 machine not heard yet' : `${count} machines not heard yet`),
  notHeard: (machine: string) => `${machine} has sent nothing yet`,
  notDated: (machine: string) => `${machine} has sent rows without a known time`,
  noReading: (machine: string, span: string) => `${machine} without a reading for ${span}`,
  andMore: (count: number) => `and ${count} more`,

  // Since the last visit
  visitTitle: (when: string) => `Since your last visit, ${when}`,
  visitAlarms: (count: number) => (count === 0 ? 'No alarm' : count === 1 ? '1 alarm' : `${count} alarms`),
  visitSilent: (count: number) =>
    count === 0
      ? 'No machine out of reach for an hour or more'
      : count === 1
        ? '1 machine out of reach for an hour or more'
        : `${count} machines out of reach for an hour or more`,
  visitNew: (count: number) =>
    count === 0 ? 'No new machine' : count === 1 ? '1 new machine' : `${count} new machines`,
  visitNames: (what: string, names: string) => `${what}: ${names}`,

  // The strip
  stripAlarm: 'alarm',
  stripSilent: 'no data',
  stripFault: 'sensor fault',
  stripWarning: 'warning',
  stripNormal: 'nothing abnormal',
  stripUnknown: 'not known yet',
  stripLabel: (machine: string) => `Last 7 days of ${machine}, worst state of every two hours`,
  stripSlot: (state: string, span: string, range: string) => `${state} for ${span} in all, ${range}`,
  stripWhole: (state: string, range: string) => `${state}, ${range}`,
  stripAll: (state: string) => `${state} in 7 days`,
  stripNone: 'cannot be told',
  stripLoading: 'loading',

  // Search and empty states
  search: 'Find a machine',
  found: (count: number, total: number) => `${count} of ${total} machines`,
  noMatch: (text: string) => `No machine has “${text}” in its name, number, site or model.`,
  clear: 'Show all machines',
  emptyTitle: 'There is no machine yet',
  emptyText:
    'Add one on the server with “vigie-server add-machine”; it prints the command that enrols the machine’s box. The machine then appears here by itself.',
  noneTitle: 'No machine is linked to your account yet',
  noneText: 'Ask an administrator to link you to a machine; it then appears here by itself.',
};

const fr: Words = {
  title: 'Machines',
  machine: 'Machine',
  state: 'État',
  values: 'Valeurs clés',
  last: 'Dernière mesure',
  week: '7 derniers jours',
  connected: 'connectée',
  disconnected: 'non connectée',

  silent: 'sans nouvelles',
  silentFor: (span) => `depuis ${span}`,
  never: 'rien reçu pour l’instant',
  undated: 'lignes sans heure connue',
  late: 'en retard',
  lateWas: (word) => `en retard · était\u00a0: ${word}`,
  stopped: 'à l’arrêt',
  since: (name, when) => (when === null ? name : `${name}, depuis ${when}`),
  others: (count) => ` (et ${count} de plus)`,
  neverAge: 'jamais',
  justNow: 'il y a moins d’une minute',

  machines: (count) => (count === 1 ? '1 machine' : `${count} machines`),
  above: (machine, name) => `${machine}\u00a0: ${name} au-dessus de la limite`,
  below: (machine, name) => `${machine}\u00a0: ${name} sous la limite`,
  noAnswer: (machine, name) => `${machine}\u00a0: ${name}`,
  alsoSilent: (count) => (count === 1 ? '1 machine sans nouvelles' : `${count} machines sans nouvelles`),
  alsoNever: (count) =>
    count === 1 ? '1 machine pas encore entendue' : `${count} machines pas encore entendues`,
  notHeard: (machine) => `${machine} n’a encore rien envoyé`,
  notDated: (machine) => `${machine} a envoyé des lignes sans heure connue`,
  noReading: (machine, span) => `${machine} sans mesure depuis ${span}`,
  andMore: (count) => `et ${count} de plus`,

  visitTitle: (when) => `Depuis votre dernière visite, ${when}`,
  visitAlarms: (count) => (count === 0 ? 'Aucune alarme' : count === 1 ? '1 alarme' : `${count} alarmes`),
  visitSilent: (count) =>
    count === 0
      ? 'Aucune machine hors d’atteinte une heure ou plus'
      : count === 1
        ? '1 machine hors d’atteinte une heure ou plus'
        : `${count} machines hors d’atteinte une heure ou plus`,
  visitNew: (count) =>
    count === 0
      ? 'Aucune nouvelle machine'
      : count === 1
        ? '1 nouvelle machine'
        : `${count} nouvelles machines`,
  visitNames: (what, names) => `${what}\u00a0: ${names}`,

  stripAlarm: 'alarme',
  stripSilent: 'pas de données',
  stripFault: 'défaut de capteur',
  stripWarning: 'avertissement',
  stripNormal: 'rien d’anormal',
  stripUnknown: 'pas encore connu',
  stripLabel: (machine) => `7 derniers jours de ${machine}, le pire état de chaque tranche de deux heures`,
  stripSlot: (state, span, range) => `${state} pendant ${span} en tout, ${range}`,
  stripWhole: (state, range) => `${state}, ${range}`,
  stripAll: (state) => `${state} en 7 jours`,
  stripNone: 'impossible à dire',
  stripLoading: 'chargement',

  search: 'Trouver une machine',
  found: (count, total) => `${count} machines sur ${total}`,
  noMatch: (text) =>
    `Aucune machine n’a «\u00a0${text}\u00a0» dans son nom, son numéro, son site ou son modèle.`,
  clear: 'Afficher toutes les machines',
  emptyTitle: 'Il n’y a pas encore de machine',
  emptyText:
    'Ajoutez-en une sur le serveur avec «\u00a0vigie-server add-machine », qui affiche la commande d’inscription du boîtier. La machine apparaîtra ici d’elle-même.',
  noneTitle: 'Aucune machine n’est encore liée à votre compte',
  noneText: 'Demandez à un administrateur de vous lier à une machine\u00a0; elle apparaîtra ici d’elle-même.',
};

export type Words = typeof en;
export const fleetWords: Readonly<Record<Language, Words>> = { fr, en };
export const words = wordsOf(fleetWords);
