// `vigie-server settings`: changes as a person types them, and how the settings of a machine are said. Pure.
// Invariants: every mistake is one sentence; with any mistake nothing is changed. Not here: what settings mean
// (model/settings.ts), how they reach the edge (gateway).
import type { FlagValues } from '@vigie/config';
import {
  type ChannelOverride,
  channelId,
  type MachineSchema,
  type MachineSettings,
  machineSettings,
  mistakesIn,
} from '@vigie/model';
import type { MachineRecord } from './store/store.ts';

export const SETTINGS_FLAGS = {
  data: { type: 'string', value: 'DIR', help: 'folder of databases and keys' },
  database: { type: 'string', value: 'URL', help: "the server's --database, if it has one" },
  id: { type: 'string', value: 'ID', help: 'the machine' },
  interval: { type: 'number', value: 'S', help: 'seconds between two blocks, 1 to 3600' },
  'keep-days': { type: 'string', value: 'N', help: 'rows older than N days are deleted, or none' },
  'budget-mb': { type: 'string', value: 'N', help: 'megabytes a month, or none' },
  reset: {
    type: 'list',
    value: 'CHANNEL',
    help: "back to the model's names, band and limits; before other changes",
  },
  name: { type: 'list', value: 'CHANNEL.fr=TEXT', help: 'name of a channel, in fr or en' },
  band: {
    type: 'list',
    value: 'CHANNEL=LOW:HIGH',
    help: 'where it lies when the machine runs normally, or none',
  },
  limit: {
    type: 'list',
    value: 'CHANNEL.alarmHigh=N',
    help: 'alarmLow, warningLow, warningHigh or alarmHigh of a channel, a number or none',
  },
} as const;
/** A hundred years. */
const MOST_KEEP_DAYS = 36_525;
export type SettingsFlags = FlagValues<typeof SETTINGS_FLAGS>;

export type Changed =
  | {
      readonly ok: true;
      /** What the edge is sent; as before where nothing of it is asked for. */
      readonly settings: MachineSettings;
      /** `undefined`: as before. */
      readonly keepDays: number | null | undefined;
    }
  | { readonly ok: false; readonly mistakes: readonly string[] };

export function asksForChange({ data: _, database: __, id: ___, ...changes }: SettingsFlags): boolean {
  return Object.keys(changes).length > 0;
}

/** @param schema the machine's, `null` until its edge sent it. */
export function changed(
  before: MachineSettings,
  flags: SettingsFlags,
  schema: MachineSchema | null,
): Changed {
  const mistakes: string[] = [];
  let { intervalMs, dataBudgetMb } = before;
  if (flags.interval !== undefined) {
    intervalMs = 1000 * flags.interval;
    if (!Number.isInteger(flags.interval) || flags.interval < 1 || flags.interval > 3600)
      mistakes.push(`--interval takes whole seconds from 1 to 3600, not ${flags.interval}`);
  }
  if (flags['budget-mb'] !== undefined) {
    const budget = numberOrNone(flags['budget-mb']);
    if (budget === undefined || (budget !== null && (budget < 1 || budget > 1_000_000)))
      mistakes.push(`--budget-mb takes megabytes from 1 to 1000000, or none, not «${flags['budget-mb']}»`);
    else dataBudgetMb = budget;
  }
  const keepDays = flags['keep-days'] === undefined ? undefined : numberOrNone(flags['keep-days']);
  const keeps =
    typeof keepDays !== 'number' ||
    (Number.isInteger(keepDays) && keepDays >= 1 && keepDays <= MOST_KEEP_DAYS);
  if (!keeps || (flags['keep-days'] !== undefined && keepDays === undefined)) {
    mistakes.push(
      `--keep-days takes whole days from 1 to ${MOST_KEEP_DAYS}, or none, not «${flags['keep-days']}»`,
    );
  }
  const channels = new Map(Object.entries(before.channels));
  const change = (id: string, more: ChannelOverride): void => {
    if (!channelId.safeParse(id).success) {
      mistakes.push(`«${id}» is no channel: their ids are of lower-case letters, digits and _`);
      return;
    }
    channels.set(id, { ...channels.get(id), ...more });
  };
  for (const id of flags.reset ?? []) {
    if (!channels.delete(id) && !schema?.channels.some((channel) => channel.id === id))
      mistakes.push(`--reset ${id}: nothing is set for a channel «${id}», and the machine has none`);
  }
  for (const text of flags.name ?? []) {
    const [, id = '', language = '', name = ''] = /^([^.=]+)\.(fr|en)=(.{1,80})$/u.exec(text) ?? [];
    if (id === '')
      mistakes.push(`--name takes CHANNEL.fr=TEXT or CHANNEL.en=TEXT of 1 to 80 letters, not «${text}»`);
    else change(id, { names: { ...channels.get(id)?.names, [language]: name } });
  }
  for (const text of flags.band ?? []) {
    const [, id = '', value = ''] = /^([^.=]+)=(.+)$/.exec(text) ?? [];
    const [low, high, ...more] = value.split(':').map(finite);
    if (id !== '' && value === 'none') change(id, { band: null });
    else if (id === '' || low === undefined || high === undefined || more.length > 0)
      mistakes.push(`--band takes CHANNEL=LOW:HIGH or CHANNEL=none, not «${text}»`);
    else change(id, { band: { low, high } });
  }
  for (const text of flags.limit ?? []) {
    const [, id = '', key = '', value = ''] =
      /^([^.=]+)\.(alarmLow|warningLow|warningHigh|alarmHigh)=(.+)$/.exec(text) ?? [];
    const limit = numberOrNone(value);
    if (id === '' || limit === undefined)
      mistakes.push(
        `--limit takes CHANNEL.alarmLow, .warningLow, .warningHigh or .alarmHigh = a number or none, not «${text}»`,
      );
    else change(id, { limits: { ...channels.get(id)?.limits, [key]: limit } });
  }
  if (mistakes.length > 0) return { ok: false, mistakes };
  const settings = machineSettings.safeParse({
    intervalMs,
    dataBudgetMb,
    channels: Object.fromEntries([...channels].sort(([a], [b]) => (a < b ? -1 : 1))),
  });
  if (!settings.success) {
    return {
      ok: false,
      mistakes: settings.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    };
  }
  const wrong = mistakesIn(settings.data, schema);
  return wrong.length > 0 ? { ok: false, mistakes: wrong } : { ok: true, settings: settings.data, keepDays };
}

/** `null`: none; `undefined`: neither that nor a number. */
function numberOrNone(text: string): number | null | undefined {
  return text === 'none' ? null : finite(text);
}

function finite(text: string): number | undefined {
  const number = Number(text);
  return text.trim() === '' || !Number.isFinite(number) ? undefined : number;
}

/** For a person: the settings, what of them does not fit the machine any more, and what the edge made of them. */
export function describeSettings(machine: MachineRecord, schema: MachineSchema | null): string {
  const { settings } = machine;
  const lines = [
    `Settings of ${machine.id}`,
    `  interval   ${settings.intervalMs / 1000} s between two blocks`,
    `  budget     ${settings.dataBudgetMb === null ? 'none' : `${settings.dataBudgetMb} MB a month`}`,
    `  keep       ${machine.keepDays === null ? 'every row, for ever' : `rows of ${machine.keepDays} days; rollups of a minute and more for ever`}`,
  ];
  if (settings.silentMs !== undefined) {
    lines.push(`  silent     after ${settings.silentMs / 60_000} min without a row`);
  }
  for (const [id, override] of Object.entries(settings.channels)) {
    const channel = schema?.channels.find((one) => one.id === id);
    const { names, band, limits, ringing, activeStates } = override;
    for (const [language, name] of Object.entries(names ?? {})) lines.push(`  ${id}.${language} = ${name}`);
    if (band !== undefined)
      lines.push(`  ${id} band = ${band === null ? 'none' : `${band.low}:${band.high}`}`);
    for (const [key, limit] of Object.entries(limits ?? {})) {
      const model = channel === undefined ? '' : ` (model: ${limitOf(channel.limits, key) ?? 'none'})`;
      lines.push(`  ${id}.${key} = ${limit ?? 'none'}${model}`);
    }
    for (const [key, value] of Object.entries(ringing ?? {})) {
      lines.push(`  ${id}.${key} = ${value ?? 'none'}`);
    }
    if (activeStates !== undefined) {
      lines.push(
        `  ${id} limits hold in ${activeStates === null ? 'every state' : `states ${activeStates.join(', ')}`}`,
      );
    }
  }
  if (schema === null)
    lines.push('The machine has sent no channels yet: its edge checks them when it gets them.');
  for (const mistake of schema === null ? [] : mistakesIn(settings, schema)) lines.push(`WRONG: ${mistake}`);
  lines.push(edgeInWords(machine));
  return lines.join('\n');
}

function limitOf(limits: MachineSchema['channels'][number]['limits'], key: string): number | null {
  return limits === null ? null : (Object.entries(limits).find(([name]) => name === key)?.[1] ?? null);
}

function edgeInWords({ edgeAnswer: answer, settings }: MachineRecord): string {
  const waiting = 'it gets them within seconds if it is connected, else at its next contact';
  if (answer === null) return `Edge: has not had any settings yet; ${waiting}.`;
  const when = new Date(answer.atMs).toISOString();
  if (JSON.stringify(answer.settings) !== JSON.stringify(settings)) {
    return `Edge: does not have these yet (its last answer is of ${when}); ${waiting}.`;
  }
  if (answer.outcome === 'refused') {
    return `Edge: REFUSED these on ${when}, and keeps those before: ${answer.message}`;
  }
  return `Edge: has these since ${when}${answer.message === '' ? '' : `, but ${answer.message}`}.`;
}
