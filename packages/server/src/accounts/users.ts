// Users as they are managed: listed, made, changed, disabled, deleted, linked to machines, invited.
// Invariants: every change asks `may` within its own transaction, with both accounts locked, so that what an actor was a
// moment ago counts for nothing; whom one may not edit is answered like whom there is not; a change made on an older
// version is refused; nobody disables, deletes or lowers themselves, so that a Super Admin always remains; whatever
// changes what an account may do ends its sessions. Not here: one's own account (sign-in.ts, profile in accounts.ts).
import type { UserChange, UserCreate, UserView } from '@vigie/contract';
import type { Database, Sql } from '../store/database.ts';
import {
  type AccountRow,
  accountById,
  actorOf,
  type By,
  endSessions,
  newAccountId,
  targetOf,
} from './account.ts';
import { note } from './audit.ts';
import { type Link, makeLink } from './links.ts';
import { type Actor, may, type UserTarget } from './rights.ts';
import { endSecondFactor } from './second-factor.ts';

export type Refused =
  /** There is none, or the actor may not edit it. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'forbidden'; readonly why: string }
  | { readonly kind: 'changed' }
  | { readonly kind: 'taken'; readonly what: 'email' | 'userName' };
export type Managed<T> = { readonly kind: 'done'; readonly value: T } | Refused;

const SELF = 'Nobody disables, deletes or changes the role of their own account.';

interface Locked {
  readonly sql: Sql;
  readonly actor: Actor;
  readonly row: AccountRow;
  readonly target: UserTarget;
}

export class Users {
  readonly #db: Database;
  readonly #nowMs: () => number;

  constructor(db: Database, nowMs: () => number) {
    this.#db = db;
    this.#nowMs = nowMs;
  }

  /** Those whom the actor may edit, by name. */
  async list(actor: Actor): Promise<readonly UserView[]> {
    const rows = await this.#db.all<AccountRow>('SELECT * FROM account ORDER BY name, id');
    const links = await this.#db.all<{ account: string; machine: string }>(
      'SELECT account, machine FROM account_machine ORDER BY machine',
    );
    const machines = Map.groupBy(links, ({ account }) => account);
    const seen = await this.#db.all<{ account: string; seen_ms: number }>(
      'SELECT account, max(seen_ms) AS seen_ms FROM session GROUP BY account',
    );
    const seenMs = new Map(seen.map((one) => [one.account, one.seen_ms]));
    const invited = await this.#db.all<{ account: string; expires_ms: number }>(
      'SELECT account, expires_ms FROM invitation WHERE expires_ms > $1',
      this.#nowMs(),
    );
    const untilMs = new Map(invited.map((one) => [one.account, one.expires_ms]));
    return rows.flatMap((row) => {
      const linked = (machines.get(row.id) ?? []).map(({ machine }) => machine);
      const target = { id: row.id, role: row.role, machines: new Set(linked), keptBy: row.kept_by };
      if (!may(actor, 'edit-user', target)) return [];
      return [viewOf(row, linked, seenMs.get(row.id) ?? null, untilMs.get(row.id) ?? null)];
    });
  }

  /** Linked users whom the actor may edit, by machine. */
  async ofMachines(actor: Actor): Promise<ReadonlyMap<string, readonly UserView[]>> {
    const by = new Map<string, UserView[]>();
    for (const user of await this.list(actor)) {
      for (const machine of user.machines) by.set(machine, [...(by.get(machine) ?? []), user]);
    }
    return by;
  }

  /** @param request `machines`: ids that there are. */
  async create(
    request: UserCreate,
    by: By,
  ): Promise<Managed<{ readonly user: UserView; readonly link: Link }>> {
    const id = newAccountId();
    return this.#db.transaction(async (sql) => {
      const actor = await this.#actorNow(sql, by, []);
      const machines = new Set(request.machines);
      if (actor === null || !may(actor, 'create-user', { role: request.role, machines })) {
        return { kind: 'forbidden', why: 'You may make Users only, and link them to your machines only.' };
      }
      const taken = await takenBy(sql, request, id);
      if (taken !== null) return { kind: 'taken', what: taken };
      const { name, email, userName, role, language } = request;
      await sql.run(
        `INSERT INTO account (id, name, email, user_name, role, language, password, kept_by)
         VALUES ($1, $2, $3, $4, $5, $6, '', $7)`,
        ...[id, name, email, userName, role, language, actor.id],
      );
      const user = { id, name };
      await note(sql, this.#nowMs(), by, { action: 'account-created', user, facts: { role, email } });
      for (const machine of machines) {
        await link(sql, id, machine);
        await note(sql, this.#nowMs(), by, { action: 'linked', user, machine });
      }
      const row = await this.#rowOf(sql, id);
      const made = await makeLink(sql, row, this.#nowMs());
      await note(sql, this.#nowMs(), by, { action: 'invited', user });
      return { kind: 'done', value: { user: await this.#view(sql, id), link: made } };
    });
  }

  change(id: string, { version, ...change }: UserChange, by: By): Promise<Managed<UserView>> {
    return this.#locked(id, version, by, async ({ sql, actor, row, target }) => {
      const role = change.role ?? row.role;
      const disabled = change.disabled ?? row.disabled === 1;
      const isRaised = role !== row.role || disabled !== (row.disabled === 1);
      if (isRaised && row.id === actor.id) return { kind: 'forbidden', why: SELF };
      if (role !== row.role && !may(actor, 'set-role', target)) {
        return { kind: 'forbidden', why: 'Only a Super Admin changes roles.' };
      }
      const taken = await takenBy(sql, change, id);
      if (taken !== null) return { kind: 'taken', what: taken };
      const after = {
        name: change.name ?? row.name,
        email: change.email ?? row.email,
        user_name: change.userName === undefined ? row.user_name : change.userName,
        language: change.language ?? row.language,
      };
      await sql.run(
        `UPDATE account SET name = $1, email = $2, user_name = $3, language = $4, role = $5, disabled = $6,
           version = version + 1 WHERE id = $7`,
        ...[after.name, after.email, after.user_name, after.language, role, disabled ? 1 : 0, id],
      );
      if (isRaised) await endSessions(sql, id);
      const user = { id, name: after.name };
      const facts = differences(row, after);
      if (Object.keys(facts).length > 0)
        await note(sql, this.#nowMs(), by, { action: 'account-changed', user, facts });
      if (role !== row.role) {
        const change = { before: row.role, after: role };
        await note(sql, this.#nowMs(), by, { action: 'role-changed', user, facts: change });
      }
      if (disabled !== (row.disabled === 1)) {
        await note(sql, this.#nowMs(), by, {
          action: disabled ? 'account-disabled' : 'account-enabled',
          user,
        });
      }
      return { kind: 'done', value: await this.#view(sql, id) };
    });
  }

  /** What the account did stays in the audit, under its name. */
  remove(id: string, version: number, by: By): Promise<Managed<null>> {
    return this.#locked(id, version, by, async ({ sql, actor, row }) => {
      if (row.id === actor.id) return { kind: 'forbidden', why: SELF };
      for (const table of ['session', 'invitation', 'recovery_code', 'account_machine']) {
        await sql.run(`DELETE FROM ${table} WHERE account = $1`, id);
      }
      await sql.run('DELETE FROM account WHERE id = $1', id);
      await note(sql, this.#nowMs(), by, {
        action: 'account-deleted',
        user: row,
        facts: { email: row.email },
      });
      return { kind: 'done', value: null };
    });
  }

  /** @param machine one that there is */
  setLinked(id: string, machine: string, linked: boolean, by: By): Promise<Managed<UserView>> {
    return this.#locked(id, null, by, async ({ sql, actor, row, target }) => {
      if (!may(actor, 'link-user', { user: target, machine })) {
        return { kind: 'forbidden', why: 'You may link users only to machines that you hold yourself.' };
      }
      if (target.machines.has(machine) !== linked) {
        if (linked) await link(sql, id, machine);
        else await sql.run('DELETE FROM account_machine WHERE account = $1 AND machine = $2', id, machine);
        // Else the Admin could not undo it, and the User would be out of everybody's sight.
        if (!linked && target.machines.size === 1 && actor.role === 'admin') {
          await sql.run('UPDATE account SET kept_by = $1 WHERE id = $2', actor.id, id);
        }
        await endSessions(sql, id);
        await note(sql, this.#nowMs(), by, { action: linked ? 'linked' : 'unlinked', user: row, machine });
      }
      return { kind: 'done', value: await this.#view(sql, id) };
    });
  }

  invite(id: string, by: By): Promise<Managed<{ readonly user: UserView; readonly link: Link }>> {
    return this.#locked(id, null, by, async ({ sql, row }) => {
      const made = await makeLink(sql, row, this.#nowMs());
      const action = row.password === '' ? 'invited' : 'reset-link-made';
      await note(sql, this.#nowMs(), by, { action, user: row });
      return { kind: 'done', value: { user: await this.#view(sql, id), link: made } };
    });
  }

  /** For who lost the authenticator and the recovery codes. */
  endSecondFactor(id: string, by: By): Promise<Managed<UserView>> {
    return this.#locked(id, null, by, async ({ sql, row }) => {
      await endSecondFactor(sql, id);
      await endSessions(sql, id);
      await note(sql, this.#nowMs(), by, { action: 'second-factor-off', user: row });
      return { kind: 'done', value: await this.#view(sql, id) };
    });
  }

  async #locked<T>(
    id: string,
    version: number | null,
    by: By,
    work: (locked: Locked) => Promise<Managed<T>>,
  ): Promise<Managed<T>> {
    return this.#db.transaction(async (sql): Promise<Managed<T>> => {
      const actor = await this.#actorNow(sql, by, [id]);
      const row = await accountById(sql, id);
      if (actor === null || row === undefined) return { kind: 'unknown' };
      const target = await targetOf(sql, row);
      if (!may(actor, 'edit-user', target)) return { kind: 'unknown' };
      if (version !== null && version !== row.version) return { kind: 'changed' };
      return work({ sql, actor, row, target });
    });
  }

  /** As the actor is now; `null`: disabled or deleted meanwhile. Locks it together with other accounts. */
  async #actorNow(sql: Sql, { actor }: By, others: readonly string[]): Promise<Actor | null> {
    const ids = [...new Set([actor.id, ...others])].sort();
    await sql.lock(
      'account',
      { id: 'text' },
      ids.map((id) => ({ id })),
    );
    const row = await accountById(sql, actor.id);
    return row === undefined || row.disabled === 1 ? null : actorOf(sql, row);
  }

  async #rowOf(sql: Sql, id: string): Promise<AccountRow> {
    const row = await accountById(sql, id);
    if (row === undefined) throw new Error(`account ${id} has gone within its own transaction`);
    return row;
  }

  async #view(sql: Sql, id: string): Promise<UserView> {
    const row = await this.#rowOf(sql, id);
    const { machines } = await targetOf(sql, row);
    const seen = await sql.get<{ seen_ms: number | null }>(
      'SELECT max(seen_ms) AS seen_ms FROM session WHERE account = $1',
      id,
    );
    const invited = await sql.get<{ expires_ms: number }>(
      'SELECT expires_ms FROM invitation WHERE account = $1 AND expires_ms > $2',
      ...[id, this.#nowMs()],
    );
    return viewOf(row, [...machines].sort(), seen?.seen_ms ?? null, invited?.expires_ms ?? null);
  }
}

function viewOf(
  row: AccountRow,
  machines: readonly string[],
  seenMs: number | null,
  invitedUntilMs: number | null,
): UserView {
  const { id, version, name, email, role, language } = row;
  return {
    ...{ id, version, name, email, role, language, machines, seenMs, invitedUntilMs },
    userName: row.user_name,
    disabled: row.disabled === 1,
    secondFactor: row.totp_secret !== null,
    state: row.password === '' ? 'invited' : 'active',
  };
}

function link(sql: Sql, account: string, machine: string): Promise<number> {
  return sql.run('INSERT INTO account_machine (account, machine) VALUES ($1, $2)', account, machine);
}

/** Which of the names another account has. */
async function takenBy(
  sql: Sql,
  { email, userName }: { readonly email?: string | undefined; readonly userName?: string | null | undefined },
  but: string,
): Promise<'email' | 'userName' | null> {
  const other = await sql.get<{ email: string }>(
    'SELECT email FROM account WHERE id <> $1 AND (email = $2 OR user_name = $3) LIMIT 1',
    ...[but, email ?? '', userName ?? ''],
  );
  if (other === undefined) return null;
  return other.email === email ? 'email' : 'userName';
}

/** By field: before → after. */
function differences(
  before: AccountRow,
  after: Pick<AccountRow, 'name' | 'email' | 'user_name' | 'language'>,
): Record<string, string> {
  const fields = ['name', 'email', 'user_name', 'language'] as const;
  return Object.fromEntries(
    fields
      .filter((field) => before[field] !== after[field])
      .map((field) => [field, `${before[field] ?? ''} → ${after[field] ?? ''}`]),
  );
}
