// Tables of mail, the same on both databases (store/migrations.ts). docs/database.md says what each is for.
// A change adds a script at the end of the lists there; what stands is never edited.

export const MAIL_TABLES = `
  -- content: JSON of what it says, NULL once it was handed over or given up, since it may hold the secret of a link.
  -- state: waiting, sent, refused (by whom it went to), dropped (there was nobody to send it to any more).
  CREATE TABLE outbox (
    id TEXT PRIMARY KEY, channel TEXT NOT NULL, account TEXT, content TEXT, state TEXT NOT NULL DEFAULT 'waiting',
    made_ms BIGINT NOT NULL, due_ms BIGINT NOT NULL, expires_ms BIGINT, attempts BIGINT NOT NULL DEFAULT 0,
    claimed_by TEXT, claimed_until_ms BIGINT NOT NULL DEFAULT 0, ended_ms BIGINT, why TEXT
  );
  CREATE INDEX outbox_waiting ON outbox (channel, attempts, due_ms) WHERE state = 'waiting';
  CREATE INDEX outbox_ended ON outbox (ended_ms) WHERE ended_ms IS NOT NULL;
  -- Whether a channel works, for people. down_since_ms: NULL while it does.
  CREATE TABLE channel_health (channel TEXT PRIMARY KEY, worked_ms BIGINT, down_since_ms BIGINT, why TEXT);
  -- What is still to be told of an alarm, and to whom it was (plan.ts), and when each account was mailed of late. JSON.
  CREATE TABLE mail_telling (id TEXT PRIMARY KEY, json TEXT NOT NULL);
  CREATE TABLE mail_pace (account TEXT PRIMARY KEY, json TEXT NOT NULL);
  -- One row, locked by the server that plans.
  CREATE TABLE mail_planner (id TEXT PRIMARY KEY);
  -- By which a mail's reader acknowledges alarms without signing in (SHA-256 of the token). alarms: JSON array of ids.
  CREATE TABLE acknowledge_link (sha256 TEXT PRIMARY KEY, account TEXT NOT NULL, alarms TEXT NOT NULL, expires_ms BIGINT NOT NULL);
  `;

/** Of the account, its notifications (JSON); NULL: the role's usual ones. */
export const NOTIFICATIONS_COLUMN = 'ALTER TABLE account ADD COLUMN notifications TEXT;';
