// Accounts put together: who may sign in, what they may do, what was done. On the SQL of either database, so that whatever
// one server does all of them know; only attempts are counted by each alone. Not here: cookies and requests (api).
import type { Me, MeChange } from '@vigie/contract';
import type { Clock } from '@vigie/protocol';
import type { Database } from '../store/database.ts';
import { accountById, meOf } from './account.ts';
import { Attempts } from './attempts.ts';
import { AuditLog } from './audit.ts';
import { Links } from './links.ts';
import { NotificationWishes } from './notifications.ts';
import { SessionWatch } from './session-watch.ts';
import { Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';
import { Users } from './users.ts';
import { visitNow } from './visits.ts';

export interface Accounts {
  readonly signIn: SignIn;
  readonly sessions: Sessions;
  readonly watch: SessionWatch;
  readonly links: Links;
  readonly users: Users;
  readonly audit: AuditLog;
  readonly notifications: NotificationWishes;
  /** Counts an attempt at something that may be tried ten times only. @returns ms to wait; 0: go on. */
  attempt(key: string): number;
  forgive(key: string): void;
  /** Notes that the account looks now. @returns when its visit before this one ended; `null`: this is the first. */
  visit(account: string): Promise<number | null>;
  /** Of one's own account. */
  changeMe(account: string, change: MeChange): Promise<Me>;
}

export function accountsOn(db: Database, clock: Clock): Accounts {
  const nowMs = (): number => clock.utcMs();
  const attempts = new Attempts(nowMs);
  const sessions = new Sessions(db, nowMs);
  return {
    signIn: new SignIn(db, nowMs, sessions, attempts),
    sessions,
    watch: new SessionWatch(db, clock),
    links: new Links(db, nowMs, sessions, attempts),
    users: new Users(db, nowMs),
    audit: new AuditLog(db, nowMs),
    notifications: new NotificationWishes(db),
    attempt: (key) => attempts.attempt(key),
    forgive: (key) => attempts.forgive(key),
    visit: (account) => visitNow(db, account, nowMs()),
    changeMe: (id, { language, timeZone }) =>
      db.transaction(async (sql) => {
        const before = await accountById(sql, id);
        if (before === undefined) throw new Error('an account without a row is signed in');
        await sql.run(
          'UPDATE account SET language = $1, time_zone = $2, version = version + 1 WHERE id = $3',
          ...[language ?? before.language, timeZone === undefined ? before.time_zone : timeZone, id],
        );
        return meOf({
          ...before,
          language: language ?? before.language,
          time_zone: timeZone === undefined ? before.time_zone : timeZone,
        });
      }),
  };
}
