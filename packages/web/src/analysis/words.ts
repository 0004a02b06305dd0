// Words of the Analysis page.
import type { Language } from '@vigie/contract';
import { formatSpanExact } from '../i18n/format.ts';
import { wordsOf } from '../i18n/words.ts';

const en = {
  title: 'Analysis',
  emptyTitle: 'Choose what to look at',
  emptyText:
    'Every channel of every machine you see can be drawn here, several together. Choose channels, or begin with one of these views:',
  noMachines: 'No machine that is linked to your account has sent anything yet.',
  choose: 'Channels',
  chooseCount: (count: number) => (count === 1 ? '1 channel' : `${count} channels`),
  pickerTitle: 'Choose channels',
  pickerSearch: 'Find a machine or a channel',
  pickerHint: 'For example: evap, TV-12 pressure, Lyon.',
  pickerNone: 'No channel has all of these words in its name or its machine’s.',
  pickerMore: (count: number) => `${count} more match: add a word to find them.`,
  pickerChosen: (count: number, most: number) => `${count} of at most ${most} chosen`,
  pickerFull: (most: number) => `No more than ${most} channels can be shown at once. Take one away first.`,
  pickerClear: 'Take all away',
  pickerDone: 'Done',
  suggestAll: (model: string, channel: string) => `${channel} of every ${model}`,
  suggestChart: (machine: string) => `Temperatures of ${machine}`,
  suggestGauges: (machine: string) => `Main values of ${machine}`,
  range: 'Range',
  rangeHour: 'Last hour',
  rangeDay: 'Last 24 hours',
  rangeWeek: 'Last 7 days',
  rangeThreeWeeks: 'Last three weeks',
  rangeQuarter: 'Last 90 days',
  rangeYear: 'Last year',
  rangeOther: 'Other',
  compare: 'Compare with',
  compareNone: 'Nothing',
  compareBefore: 'The period before',
  compareDay: 'The day before',
  compareWeek: 'The week before',
  compareFourWeeks: 'Four weeks before',
  compareYear: 'A year before',
  compareOther: (span: string) => `${span} before`,
  before: (byMs: number, language: Language) => `${formatSpanExact(byMs, language)} before`,
  align: 'Align on start-ups',
  alignHint: (most: number) =>
    `Each chosen start-up is put at 0 of the axis. Choose up to ${most}, of one machine or several.`,
  alignNone: 'No start-up is in the journal yet.',
  alignNoState: 'This machine’s model has no channel that says when it runs.',
  alignLoading: 'Looking for start-ups…',
  alignStop: 'Back to dates',
  runOf: (when: string) => `start-up of ${when}`,
  resetAligned: 'Whole start-up',
  limits: 'Limits',
  overview: 'Drag to choose the range',
  unreadTitle: 'A part of this address could not be read; the rest is shown.',
  unreadSeries: (text: string, most: number) =>
    `Channel «${text}»: a channel is written MACHINE.channel, and there are at most ${most}.`,
  unreadRange: (text: string) =>
    `Range «${text}»: the beginning must be before the end and not in the future, for example from=now-21d and to=now.`,
  unreadY: (text: string) => `Vertical axis «${text}»: it is written y.UNIT=LOW:HIGH, for example y.C=20:60.`,
  unreadCompare: (text: string) => `Comparison «${text}»: it is written cmp=-7d or cmp=before.`,
  unreadAlign: (text: string, most: number) =>
    `Start-up «${text}»: it is written MACHINE@TIME, and there are at most ${most}.`,
  unseen: (machine: string) => `No machine ${machine} is shown to your account.`,
  absent: (series: string) => `${series}: this machine has no such channel.`,
  noRun: (machine: string) => `${machine}: choose a start-up to see its curves.`,
  failedFor: (machine: string) => `${machine} could not be read:`,
  keys: 'Arrows read, + and − zoom, Page Up and Down move, 0 resets, T shows a table, N writes a note. Right click: note.',
  keysTouch: 'Slide to read, pinch to zoom, hold to select or to write a note, double tap to reset.',
  serverLost: (when: string) =>
    `This page lost the server at ${when}. What is shown is what was known then; it is trying again.`,
};

export type AnalysisWords = typeof en;

const fr: AnalysisWords = {
  title: 'Analyse',
  emptyTitle: 'Choisissez ce que vous voulez voir',
  emptyText:
    'Chaque voie de chaque machine que vous voyez peut être tracée ici, à plusieurs. Choisissez des voies, ou commencez par l’une de ces vues\u00a0:',
  noMachines: 'Aucune machine liée à votre compte n’a encore rien envoyé.',
  choose: 'Voies',
  chooseCount: (count) => (count === 1 ? '1 voie' : `${count} voies`),
  pickerTitle: 'Choisir des voies',
  pickerSearch: 'Trouver une machine ou une voie',
  pickerHint: 'Par exemple\u00a0: évap, TV-12 pression, Lyon.',
  pickerNone: 'Aucune voie ne porte tous ces mots dans son nom ou celui de sa machine.',
  pickerMore: (count) => `${count} autres correspondent\u00a0: ajoutez un mot pour les trouver.`,
  pickerChosen: (count, most) => `${count} choisie${count > 1 ? 's' : ''} sur ${most} au plus`,
  pickerFull: (most) => `Pas plus de ${most} voies à la fois. Retirez-en une d’abord.`,
  pickerClear: 'Tout retirer',
  pickerDone: 'Terminé',
  suggestAll: (model, channel) => `${channel} de chaque ${model}`,
  suggestChart: (machine) => `Températures de ${machine}`,
  suggestGauges: (machine) => `Valeurs principales de ${machine}`,
  range: 'Période',
  rangeHour: 'Dernière heure',
  rangeDay: 'Dernières 24 heures',
  rangeWeek: '7 derniers jours',
  rangeThreeWeeks: 'Trois dernières semaines',
  rangeQuarter: '90 derniers jours',
  rangeYear: 'Dernière année',
  rangeOther: 'Autre',
  compare: 'Comparer avec',
  compareNone: 'Rien',
  compareBefore: 'La période précédente',
  compareDay: 'La veille',
  compareWeek: 'La semaine précédente',
  compareFourWeeks: 'Quatre semaines avant',
  compareYear: 'Un an avant',
  compareOther: (span) => `${span} avant`,
  before: (byMs, language) => `${formatSpanExact(byMs, language)} avant`,
  align: 'Caler sur les démarrages',
  alignHint: (most) =>
    `Chaque démarrage choisi est placé au 0 de l’axe. Choisissez-en jusqu’à ${most}, d’une machine ou de plusieurs.`,
  alignNone: 'Aucun démarrage n’est encore dans le journal.',
  alignNoState: 'Le modèle de cette machine n’a pas de voie qui dise quand elle marche.',
  alignLoading: 'Recherche des démarrages…',
  alignStop: 'Revenir aux dates',
  runOf: (when) => `démarrage du ${when}`,
  resetAligned: 'Tout le démarrage',
  limits: 'Limites',
  overview: 'Glisser pour choisir la période',
  unreadTitle: 'Une partie de cette adresse n’a pas pu être lue\u00a0; le reste est affiché.',
  unreadSeries: (text, most) =>
    `Voie «\u00a0${text}\u00a0»\u00a0: une voie s’écrit MACHINE.voie, et il y en a au plus ${most}.`,
  unreadRange: (text) =>
    `Période «\u00a0${text}\u00a0»\u00a0: le début doit précéder la fin et ne pas être dans l’avenir, par exemple from=now-21d et to=now.`,
  unreadY: (text) =>
    `Axe vertical «\u00a0${text}\u00a0»\u00a0: il s’écrit y.UNITÉ=BAS:HAUT, par exemple y.C=20:60.`,
  unreadCompare: (text) => `Comparaison «\u00a0${text}\u00a0»\u00a0: elle s’écrit cmp=-7d ou cmp=before.`,
  unreadAlign: (text, most) =>
    `Démarrage «\u00a0${text}\u00a0»\u00a0: il s’écrit MACHINE@HEURE, et il y en a au plus ${most}.`,
  unseen: (machine) => `Aucune machine ${machine} n’est montrée à votre compte.`,
  absent: (series) => `${series}\u00a0: cette machine n’a pas de telle voie.`,
  noRun: (machine) => `${machine}\u00a0: choisissez un démarrage pour voir ses courbes.`,
  failedFor: (machine) => `${machine} n’a pas pu être lue\u00a0:`,
  keys: 'Flèches\u00a0: lire, + et −\u00a0: zoomer, Page\u00a0: déplacer, 0\u00a0: revenir, T\u00a0: tableau, N\u00a0: note. Clic droit\u00a0: note.',
  keysTouch:
    'Glisser pour lire, pincer pour zoomer, appui long pour choisir ou noter, toucher deux fois pour revenir.',
  serverLost: (when) =>
    `Cette page a perdu le serveur à ${when}. Ce qui est affiché est ce qui était connu alors\u00a0; elle réessaie.`,
};

export const analysisWords = wordsOf({ en, fr });
