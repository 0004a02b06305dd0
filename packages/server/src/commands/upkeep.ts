// Commands about all that is stored: backup, restore, check, compact, and mail, which looks at what is to leave.
import { EXIT } from '@vigie/config';
import { backup as backUp, restore as restoreFrom } from '../backup.ts';
import { databaseUrl } from '../config.ts';
import { describeMail } from '../mail/status.ts';
import { check as checkStore, describeCheck } from '../store/check.ts';
import { compact as compactStore, describeCompact } from '../store/compact.ts';
import {
  type CommandContext,
  fail,
  flags,
  hasData,
  inWords,
  noDataIn,
  onStderr,
  PLACE,
  show,
  withData,
} from './command.ts';

export async function backup({ args, clock }: CommandContext): Promise<number> {
  const parsed = flags(args, {
    name: 'vigie-server backup',
    summary:
      'Copies a data folder into another folder, also while the server runs; months that have not changed since the last backup there are not copied again.',
    flags: {
      ...PLACE,
      to: { type: 'string', value: 'DIR', help: 'folder of the backup, best on another disk' },
    },
    notes:
      'With --database the rows are copied by the tools of PostgreSQL (pg_dump or pg_basebackup); keys and accounts are copied here.',
  });
  if (typeof parsed === 'number') return parsed;
  const { data, database, to } = parsed;
  if (data === undefined || to === undefined) {
    return fail('vigie-server backup: --data and --to are needed', EXIT.usage);
  }
  const url = databaseUrl.optional().safeParse(database);
  if (!url.success) return fail(`vigie-server: --database: ${url.error.issues[0]?.message}`, EXIT.usage);
  if (!hasData({ data, database })) return fail(noDataIn(data), EXIT.failed);
  try {
    const withoutRows = database !== undefined;
    const result = await backUp({
      data,
      to,
      withoutRows,
      nowMs: clock.utcMs(),
      progress: onStderr(clock, 'copying'),
    });
    if (!result.ok) return fail(`vigie-server backup: ${result.message}`, EXIT.failed);
    const { copied, unchanged, bytes } = result;
    const rows = withoutRows
      ? ' Keys and accounts only: the rows are in PostgreSQL, copy them with its own tools (pg_dump, or pg_basebackup).'
      : '';
    return show(
      `${copied} files copied, ${unchanged} unchanged, ${(bytes / 1e6).toFixed(1)} MB in all.${rows} To restore: vigie-server restore --from ${to} --data DIR (an empty folder), then start vigie-server on it.`,
    );
  } catch (error) {
    return fail(`vigie-server backup: ${inWords(error)}`, EXIT.failed);
  }
}

export async function restore({ args, clock }: CommandContext): Promise<number> {
  const parsed = flags(args, {
    name: 'vigie-server restore',
    summary:
      'Makes a data folder of a backup. Edges then send again what the backup lacks, as far as they still hold it.',
    flags: {
      from: { type: 'string', value: 'DIR', help: 'folder of the backup' },
      data: { type: 'string', value: 'DIR', help: 'data folder to make; empty, or not there yet' },
    },
  });
  if (typeof parsed === 'number') return parsed;
  const { from, data } = parsed;
  if (from === undefined || data === undefined) {
    return fail('vigie-server restore: --from and --data are needed', EXIT.usage);
  }
  try {
    const result = await restoreFrom({ from, data, progress: onStderr(clock, 'restoring') });
    if (!result.ok) return fail(`vigie-server restore: ${result.message}`, EXIT.failed);
    const made = new Date(result.madeMs).toISOString();
    const next = result.withoutRows
      ? `restore the rows with the tools of PostgreSQL, then start vigie-server --data ${data} --database URL`
      : `start vigie-server --data ${data}`;
    return show(
      `${data} is as it was on ${made}. Now ${next}; edges send again what came after that, as far as they still hold it.`,
    );
  } catch (error) {
    return fail(`vigie-server restore: ${inWords(error)}`, EXIT.failed);
  }
}

export async function check({ args, clock }: CommandContext): Promise<number> {
  const parsed = flags(args, {
    name: 'vigie-server check',
    summary:
      'Reads everything that is stored and says what is wrong: blocks, chunks, rollups, schemas, priors. Exit code 1 when something is.',
    flags: {
      ...PLACE,
      json: { type: 'boolean', help: 'the report as JSON' },
      repair: { type: 'boolean', help: 'mark wrong rollups, so that a running server makes them anew' },
    },
  });
  if (typeof parsed === 'number') return parsed;
  const { json = false, repair = false } = parsed;
  return withData('check', parsed, async ({ hot, archive, postgres }) => {
    const report = await checkStore({
      ...{ hot, archive, isSqlite: postgres === null, repair },
      ...{ utcMs: () => clock.utcMs(), progress: onStderr(clock, 'reading') },
    });
    show(json ? JSON.stringify(report) : describeCheck(report));
    return report.problems.length > 0 ? EXIT.failed : EXIT.ok;
  });
}

export async function compact({ args, clock }: CommandContext): Promise<number> {
  const parsed = flags(args, {
    name: 'vigie-server compact',
    summary:
      'Makes one long block of the many short ones of an hour, in months that are over and where it saves 5 % or more. No row changes.',
    flags: PLACE,
  });
  if (typeof parsed === 'number') return parsed;
  return withData('compact', parsed, async ({ hot, archive }) =>
    show(
      describeCompact(
        await compactStore({
          hot,
          archive,
          utcMs: () => clock.utcMs(),
          progress: onStderr(clock, 'reading'),
        }),
      ),
    ),
  );
}

export async function mail({ args }: CommandContext): Promise<number> {
  const parsed = flags(args, {
    name: 'vigie-server mail',
    summary:
      'Says whether mails and calls of the webhook leave, how many wait, and which were refused. Exit code 1 when one of them is down.',
    flags: PLACE,
  });
  if (typeof parsed === 'number') return parsed;
  return withData('mail', parsed, async ({ hot }) => {
    const { text, isDown } = await describeMail(hot);
    show(text);
    return isDown ? EXIT.failed : EXIT.ok;
  });
}
