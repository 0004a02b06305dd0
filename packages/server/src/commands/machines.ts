// Commands about one machine: add-machine, enrolment-code, settings, revoke.
import { join } from 'node:path';
import { EXIT } from '@vigie/config';
import { type Clock, machineId } from '@vigie/protocol';
import type { Noted } from '../accounts/audit.ts';
import { makeEnrolmentCode } from '../gateway/enrolment-code.ts';
import { linkIdentity } from '../gateway/identity.ts';
import { asksForChange, changed, describeSettings, SETTINGS_FLAGS } from '../settings.ts';
import type { Store } from '../store/store.ts';
import {
  type CommandContext,
  fail,
  flags,
  noMachine,
  PLACE,
  show,
  withMachine,
  withStore,
} from './command.ts';

export async function addMachine({ args, clock }: CommandContext): Promise<number> {
  const parsed = flags(args, {
    name: 'vigie-server add-machine',
    summary: 'Adds a machine and prints the code with which its edge enrols, once, within 24 h.',
    flags: {
      ...PLACE,
      id: { type: 'string', value: 'ID', help: 'letters, digits, - and _, at most 32: TV-12' },
      name: { type: 'string', value: 'NAME', help: 'what people call it (default: the id)' },
      site: { type: 'string', value: 'SITE', help: 'where it stands (default: empty)' },
      'time-zone': { type: 'string', value: 'ZONE', help: 'of the site (default Europe/Paris)' },
      interval: { type: 'number', value: 'S', help: 'seconds between two blocks, 1 to 3600 (default 60)' },
    },
  });
  if (typeof parsed === 'number') return parsed;
  const { data, database, id, name, site, 'time-zone': zone, interval: intervalS = 60 } = parsed;
  if (data === undefined || id === undefined) {
    return fail('vigie-server add-machine: --data and --id are needed', EXIT.usage);
  }
  if (!machineId.safeParse(id).success) {
    return fail(
      `vigie-server add-machine: --id: «${id}» is not letters, digits, - and _, at most 32`,
      EXIT.usage,
    );
  }
  const timeZone = zone ?? 'Europe/Paris';
  if (!Intl.supportedValuesOf('timeZone').includes(timeZone) && timeZone !== 'UTC') {
    return fail(
      `vigie-server add-machine: --time-zone: «${timeZone}» is no zone like Europe/Paris`,
      EXIT.usage,
    );
  }
  if (!Number.isInteger(intervalS) || intervalS < 1 || intervalS > 3600) {
    return fail(
      `vigie-server add-machine: --interval takes whole seconds from 1 to 3600, not ${intervalS}`,
      EXIT.usage,
    );
  }
  return withStore(clock, { data, database }, async (store, noted) => {
    if ((await store.machine(id)) !== null)
      return fail(`vigie-server: machine ${id} is there already`, EXIT.failed);
    await store.createMachine({
      id,
      name: name ?? id,
      site: site ?? '',
      timeZone,
      intervalMs: 1000 * intervalS,
    });
    await noted({ action: 'machine-created', machine: id });
    return printCode(clock, store, data, id, noted);
  });
}

export async function enrolmentCode({ args, clock }: CommandContext): Promise<number> {
  const parsed = flags(args, {
    name: 'vigie-server enrolment-code',
    summary:
      'Prints a code with which a machine enrols its edge, once, within 24 h; a new edge replaces the old one.',
    flags: { ...PLACE, id: { type: 'string', value: 'ID', help: 'the machine' } },
  });
  if (typeof parsed === 'number') return parsed;
  return withMachine(clock, 'enrolment-code', parsed, (store, { id }, data, noted) =>
    printCode(clock, store, data, id, noted),
  );
}

export async function settings({ args, clock }: CommandContext): Promise<number> {
  const parsed = flags(args, {
    name: 'vigie-server settings',
    summary:
      'Shows what is set for a machine and whether its edge has it; with changes, sets them. A connected edge gets them within seconds, another one at its next contact.',
    flags: SETTINGS_FLAGS,
    notes:
      'One mistake, and nothing is changed. Example: --limit t_evap.alarmHigh=75 --name "t_evap.fr=Bouilleur"',
  });
  if (typeof parsed === 'number') return parsed;
  return withMachine(clock, 'settings', parsed, async (store, { id, schemaHash }, _, noted) => {
    const schema = schemaHash === null ? null : await store.schema(schemaHash);
    let mistakes: readonly string[] = [];
    if (asksForChange(parsed)) {
      let keepDays: number | null | undefined;
      await store.changeSettings(id, (before) => {
        const result = changed(before, parsed, schema);
        if (result.ok) keepDays = result.keepDays;
        else mistakes = result.mistakes;
        return result.ok ? result.settings : null;
      });
      if (keepDays !== undefined) await store.setKeepDays(id, keepDays);
      if (mistakes.length === 0) await noted({ action: 'settings-changed', machine: id });
    }
    if (mistakes.length > 0) {
      return fail(mistakes.map((mistake) => `vigie-server settings: ${mistake}`).join('\n'), EXIT.failed);
    }
    const now = await store.machine(id);
    return now === null ? fail(noMachine(id), EXIT.failed) : show(describeSettings(now, schema));
  });
}

export async function revoke({ args, clock }: CommandContext): Promise<number> {
  const parsed = flags(args, {
    name: 'vigie-server revoke',
    summary:
      'Takes the credential of a machine away: its connection ends within a second, and its edge is refused until it enrols again.',
    flags: { ...PLACE, id: { type: 'string', value: 'ID', help: 'the machine' } },
  });
  if (typeof parsed === 'number') return parsed;
  return withMachine(clock, 'revoke', parsed, async (store, { id, publicKey }, data, noted) => {
    if (publicKey === null) return fail(`vigie-server: machine ${id} holds no credential`, EXIT.failed);
    await store.revoke(id);
    await noted({ action: 'credential-revoked', machine: id });
    await store.addJournal(id, [
      { atMs: clock.utcMs(), kind: 'credential-revoked', channel: null, facts: {} },
    ]);
    return show(
      `The credential of ${id} is revoked. To enrol its edge again: vigie-server enrolment-code --data ${data} --id ${id}`,
    );
  });
}

async function printCode(
  clock: Clock,
  store: Store,
  data: string,
  id: string,
  noted: (noted: Noted) => Promise<void>,
): Promise<number> {
  const { code } = await makeEnrolmentCode(store, linkIdentity(join(data, 'keys')), id, clock.utcMs());
  await noted({ action: 'enrolment-code-made', machine: id });
  console.log(JSON.stringify({ enrolment: { machine: id, code } }));
  console.log(`On the box beside ${id}: vigie-edge enrol --server HOST:PORT --code ${code} --data DIR`);
  return EXIT.ok;
}
