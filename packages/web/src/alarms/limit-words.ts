// Words of the editor of limits.
import { wordsOf } from '../i18n/words.ts';

const en = {
  limitsTitle: (name: string) => `Limits of ${name}`,
  back: 'Back to the machine',
  channel: 'Channel',
  ownLimits: 'own limits',
  noModel: 'The machine has not sent its channels yet',
  noModelText: 'Limits can be edited once its box has been connected.',
  alarmLow: 'Alarm below',
  warningLow: 'Warning below',
  warningHigh: 'Warning above',
  alarmHigh: 'Alarm above',
  deadband: 'Deadband',
  onDelay: 'On-delay (s)',
  offDelay: 'Off-delay (s)',
  ratePerMinute: 'Most change a minute',
  stuck_: 'Stuck after (min)',
  fieldHint: 'An empty field is no limit.',
  ofModel: (value: string) => `model: ${value}`,
  noLimit: 'none',
  activeIn: 'Limits hold while the machine is',
  always: 'Nothing chosen: always.',
  toModel: 'As the model says',
  save: 'Save',
  saved: 'Saved. The box gets the limits within seconds if it is connected.',
  rehearsal: 'Over the last 30 days',
  rehearsing: 'Rehearsing…',
  wouldRing: (count: number) =>
    count === 0
      ? 'would not have rung in 30 days'
      : count === 1
        ? 'would have rung once in 30 days'
        : `would have rung ${count} times in 30 days`,
  ringsNow: (count: number) => `With the limits in force now: ${count}.`,
  notNumber: (field: string) => `${field}: this is not a number.`,
  readOnly: 'Only an Admin of the machine may change its limits.',
  silentAfter: 'Silent after (min)',
  silentHint: 'Without a row for so long the machine counts as silent. Empty: as its model says.',
  machinePart: 'The whole machine',
  noData: 'The past cannot be read now.',
};

const fr: typeof en = {
  limitsTitle: (name) => `Limites de ${name}`,
  back: 'Retour à la machine',
  channel: 'Voie de mesure',
  ownLimits: 'limites propres',
  noModel: 'La machine n’a pas encore envoyé ses voies de mesure',
  noModelText: 'Les limites se règlent dès que son boîtier s’est connecté.',
  alarmLow: 'Alarme au-dessous de',
  warningLow: 'Avertissement au-dessous de',
  warningHigh: 'Avertissement au-dessus de',
  alarmHigh: 'Alarme au-dessus de',
  deadband: 'Hystérésis',
  onDelay: 'Temporisation à l’apparition (s)',
  offDelay: 'Temporisation à la disparition (s)',
  ratePerMinute: 'Variation maximale par minute',
  stuck_: 'Bloqué après (min)',
  fieldHint: 'Un champ vide signifie\u00a0: pas de limite.',
  ofModel: (value) => `modèle\u00a0: ${value}`,
  noLimit: 'aucune',
  activeIn: 'Les limites valent quand la machine est',
  always: 'Aucun choix\u00a0: toujours.',
  toModel: 'Comme le modèle',
  save: 'Enregistrer',
  saved: 'Enregistré. Le boîtier reçoit les limites en quelques secondes s’il est connecté.',
  rehearsal: 'Sur les 30 derniers jours',
  rehearsing: 'Calcul en cours…',
  wouldRing: (count) =>
    count === 0 ? 'n’aurait pas sonné en 30 jours' : `aurait sonné ${count} fois en 30 jours`,
  ringsNow: (count) => `Avec les limites actuelles\u00a0: ${count}.`,
  notNumber: (field) => `${field}\u00a0: ce n’est pas un nombre.`,
  readOnly: 'Seul un Admin de la machine peut changer ses limites.',
  silentAfter: 'Silencieuse après (min)',
  silentHint:
    'Sans mesure depuis si longtemps, la machine compte comme silencieuse. Vide\u00a0: comme le modèle.',
  machinePart: 'La machine entière',
  noData: 'Le passé ne peut pas être lu pour le moment.',
};

export const limitWords = wordsOf({ en, fr });
