// Whom mail goes to, and what each wishes to be told. Read at the moment a mail is planned and again when it is sent, so that
// who was disabled or unlinked meanwhile gets nothing. Not here: what is planned (mail/plan.ts).
import { type Language, type Notifications, notifications, usualNotifications } from '@vigie/contract';
import type { Database, Sql } from '../store/database.ts';
import { type AccountRow, machinesOf } from './account.ts';
import type { Actor } from './rights.ts';

export interface MailReader {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly language: Language;
  /** `null`: none was ever chosen. */
  readonly zone: string | null;
  /** Has not chosen a password yet. */
  readonly isInvited: boolean;
  readonly actor: Actor;
  /** Ids of machines; `null`: all. */
  readonly machines: ReadonlySet<string> | null;
  readonly wishes: Notifications;
}

type Row = AccountRow & { readonly notifications: string | null };

export class NotificationWishes {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async of(account: string): Promise<Notifications> {
    const row = await this.#db.get<Row>('SELECT * FROM account WHERE id = $1', account);
    if (row === undefined) throw new Error('an account without a row is signed in');
    return wishesOf(row);
  }

  async set(account: string, wishes: Notifications): Promise<void> {
    await this.#db.run(
      'UPDATE account SET notifications = $1 WHERE id = $2',
      ...[JSON.stringify(wishes), account],
    );
  }

  /** `null`: there is none any more, or it is disabled. */
  async reader(account: string): Promise<MailReader | null> {
    const row = await this.#db.get<Row>('SELECT * FROM account WHERE id = $1 AND disabled = 0', account);
    return row === undefined ? null : readerOf(row, await machinesOf(this.#db, account));
  }

  /** All that are to be told of alarms, as far as they wish. */
  async readers(): Promise<readonly MailReader[]> {
    const rows = await this.#db.all<Row>("SELECT * FROM account WHERE disabled = 0 AND password <> ''");
    const machines = await linked(this.#db);
    return rows.map((row) => readerOf(row, machines.get(row.id) ?? new Set()));
  }
}

async function linked(sql: Sql): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const links = await sql.all<{ account: string; machine: string }>(
    'SELECT account, machine FROM account_machine',
  );
  const by = new Map<string, Set<string>>();
  for (const { account, machine } of links) by.set(account, (by.get(account) ?? new Set()).add(machine));
  return by;
}

function readerOf(row: Row, machines: ReadonlySet<string>): MailReader {
  const { id, name, email, language, role, time_zone, password } = row;
  const wishes = wishesOf(row);
  return {
    ...{ id, name, email, language, wishes, zone: time_zone ?? wishes.zone, isInvited: password === '' },
    actor: { id, role, machines },
    machines: role === 'super-admin' ? null : machines,
  };
}

/** What a newer program wrote and this one cannot read counts as not said. */
function wishesOf(row: Row): Notifications {
  if (row.notifications === null) return usualNotifications(row.role);
  const known = notifications.safeParse(JSON.parse(row.notifications));
  return known.success ? known.data : usualNotifications(row.role);
}
