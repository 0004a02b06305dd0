// Commands about who may come in: rotate-link-key, reset-password.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { EXIT } from '@vigie/config';
import { openAccounts } from '../accounts/open.ts';
import { linkIdentity, rotateLinkKey } from '../gateway/identity.ts';
import type { MachineRecord } from '../store/store.ts';
import {
  type CommandContext,
  fail,
  flags,
  hasData,
  noDataIn,
  PLACE,
  show,
  withDatabases,
  withStore,
} from './command.ts';

export async function rotateLinkKeys({ args, clock }: CommandContext): Promise<number> {
  const parsed = flags(args, {
    name: 'vigie-server rotate-link-key',
    summary:
      'Makes the spare key of the link the active one, and a new spare; edges learn the new pins at their next contact.',
    flags: {
      ...PLACE,
      force: { type: 'boolean', help: 'even if edges would be locked out that do not know the spare key' },
    },
  });
  if (typeof parsed === 'number') return parsed;
  const { data, database, force = false } = parsed;
  if (data === undefined) return fail('vigie-server rotate-link-key: --data is needed', EXIT.usage);
  if (!hasData({ data, database })) return fail(noDataIn(data), EXIT.failed);
  const keys = join(data, 'keys');
  return withStore(clock, { data, database }, async (store) => {
    const before = linkIdentity(keys).pins;
    await store.agreeOnLinkKeys(before, clock.utcMs());
    const [, spare] = before;
    const enrolled = (await store.machines()).filter(
      ({ publicKey, retired }) => publicKey !== null && !retired,
    );
    const names = (machines: readonly MachineRecord[]): string => machines.map(({ id }) => id).join(', ');
    const lockedOut = enrolled.filter(({ edgePins }) => !edgePins.includes(spare));
    if (lockedOut.length > 0 && !force) {
      const message = `these have not met the server since its key was rotated last, and would be locked out until somebody enrols them again: ${names(lockedOut)}; wait for them, or add --force`;
      return fail(`vigie-server rotate-link-key: ${message}`, EXIT.failed);
    }
    const { pins } = rotateLinkKey(keys);
    await store.noteLinkKeys(pins, clock.utcMs());
    const lines = [`Active key ${pins[0].slice(0, 16)}…, spare key ${pins[1].slice(0, 16)}…`];
    if (lockedOut.length > 0) lines.push(`Locked out, enrol them again: ${names(lockedOut)}`);
    const behind = enrolled.filter((machine) => !lockedOut.includes(machine));
    if (behind.length > 0) {
      lines.push(`Not to be rotated again before these have met the server: ${names(behind)}`);
    }
    return show(lines.join('\n'));
  });
}

export async function resetPassword({ args, clock }: CommandContext): Promise<number> {
  const parsed = flags(args, {
    name: 'vigie-server reset-password',
    summary: 'Sets a new password for a user, prints it, and ends the sessions of that user.',
    flags: {
      ...PLACE,
      email: { type: 'string', value: 'EMAIL', help: 'the user, by e-mail address or user name' },
      'without-second-factor': {
        type: 'boolean',
        help: 'take the second factor away too, for who lost it with its recovery codes',
      },
    },
  });
  if (typeof parsed === 'number') return parsed;
  const { data, database, email, 'without-second-factor': withoutSecondFactor = false } = parsed;
  if (data === undefined || email === undefined) {
    return fail('vigie-server reset-password: --data and --email are needed', EXIT.usage);
  }
  if (!hasData({ data, database })) return fail(noDataIn(data), EXIT.failed);
  return withDatabases({ data, database }, async (place, { postgres }) => {
    const { accounts, close } = openAccounts(place, postgres, clock);
    try {
      const password = randomBytes(12).toString('base64url');
      if (!(await accounts.links.resetPassword(email, password, { withoutSecondFactor })))
        return fail(`vigie-server: there is no user ${email}`, EXIT.failed);
      return show(`New password of ${email}: ${password}`);
    } finally {
      await close();
    }
  });
}
