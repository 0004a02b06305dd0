// Tables of accounts, by version: a file of their own beside SQLite, among the others on PostgreSQL (store/migrations.ts).
// A change adds a script at the end; what stands is never edited. docs/database.md says what each table is for.
import { NOTIFICATIONS_COLUMN } from '../mail/tables.ts';

/** Users as they are managed, second factors, links that set a password, the audit. */
const MANAGEMENT = `
  ALTER TABLE account ADD COLUMN user_name TEXT;
  ALTER TABLE account ADD COLUMN time_zone TEXT;
  ALTER TABLE account ADD COLUMN disabled BIGINT NOT NULL DEFAULT 0;
  ALTER TABLE account ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
  -- Who made it, or took its last link away: only that Admin sees a User who is linked to no machine.
  ALTER TABLE account ADD COLUMN kept_by TEXT;
  -- Base32; pending: shown, not confirmed yet. step: of the code that was used last, which does not serve twice.
  ALTER TABLE account ADD COLUMN totp_secret TEXT;
  ALTER TABLE account ADD COLUMN totp_pending TEXT;
  ALTER TABLE account ADD COLUMN totp_step BIGINT;
  CREATE UNIQUE INDEX account_by_user_name ON account (user_name);
  ALTER TABLE session ADD COLUMN created_ms BIGINT NOT NULL DEFAULT 0;
  ALTER TABLE session ADD COLUMN seen_ms BIGINT NOT NULL DEFAULT 0;
  ALTER TABLE session ADD COLUMN address TEXT NOT NULL DEFAULT '';
  ALTER TABLE session ADD COLUMN agent TEXT NOT NULL DEFAULT '';
  CREATE INDEX session_by_account ON session (account);
  CREATE TABLE recovery_code (account TEXT NOT NULL REFERENCES account, sha256 TEXT NOT NULL, PRIMARY KEY (account, sha256)) STRICT;
  -- One link an account: a new one makes the one before it void.
  CREATE TABLE invitation (account TEXT PRIMARY KEY REFERENCES account, sha256 TEXT NOT NULL UNIQUE, expires_ms BIGINT NOT NULL) STRICT;
  -- Outlives whom it tells of: names are kept as they were.
  CREATE TABLE audit (
    id BIGSERIAL PRIMARY KEY, at_ms BIGINT NOT NULL, actor TEXT, actor_name TEXT, action TEXT NOT NULL,
    account TEXT, account_name TEXT, machine TEXT, facts TEXT NOT NULL, address TEXT
  ) STRICT;
  CREATE INDEX audit_by_account ON audit (account, id);
  CREATE INDEX audit_by_machine ON audit (machine, id);
  CREATE INDEX audit_by_actor ON audit (actor, id);
  `;

/** On PostgreSQL the first two scripts are among its own. */
export const MANAGEMENT_OF_POSTGRES = MANAGEMENT.replaceAll(' STRICT', '');

export const ACCOUNT_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE user (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, role TEXT NOT NULL,
    language TEXT NOT NULL, password TEXT NOT NULL
  ) STRICT;
  CREATE TABLE session (sha256 TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES user, expires_ms INTEGER NOT NULL) STRICT;
  -- Machines a user or an admin sees; a Super Admin sees all.
  CREATE TABLE user_machine (user TEXT NOT NULL REFERENCES user, machine TEXT NOT NULL, PRIMARY KEY (user, machine)) STRICT;
  `,
  // «user» is a word of PostgreSQL's own.
  `
  ALTER TABLE user RENAME TO account;
  ALTER TABLE session RENAME COLUMN user TO account;
  ALTER TABLE user_machine RENAME TO account_machine;
  ALTER TABLE account_machine RENAME COLUMN user TO account;
  CREATE TABLE setup_code (sha256 TEXT PRIMARY KEY) STRICT;
  `,
  MANAGEMENT.replaceAll('BIGSERIAL', 'INTEGER').replaceAll('BIGINT', 'INTEGER'),
  `
  CREATE TABLE visit (
    account TEXT PRIMARY KEY REFERENCES account ON DELETE CASCADE, seen_ms INTEGER NOT NULL, last_visit_ms INTEGER
  ) STRICT;
  `,
  NOTIFICATIONS_COLUMN,
];
