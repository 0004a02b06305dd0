// What is to be handed over, and what became of it: mails and calls of webhooks as rows of a table, so that neither a
// restart nor a mail server that is down for days loses or repeats one, with any number of servers on the database.
// Invariants: a row's id says what it tells to whom, so that putting it twice tells it once; a row is handed over by whoever
// claimed it, until the lease ends; content goes the moment it has served, since it may hold the secret of a link.
// Not here: how it is handed over (courier.ts, smtp.ts, webhook.ts), what it says (letter.ts).
import type { Database, Sql } from '../store/database.ts';

export type Channel = 'mail' | 'webhook';

/** Longer than any carrier takes, and than two servers' clocks differ. */
export const LEASE_MS = 10 * 60_000;
const KEPT_MS = 30 * 86_400_000;

export interface Post {
  /** Of what it tells to whom; one that was there before is not put again. */
  readonly id: string;
  readonly channel: Channel;
  /** Whom it is for; `null`: a program. */
  readonly account: string | null;
  readonly content: unknown;
  /** Not handed over before. */
  readonly dueMs: number;
  /** Worth nothing afterwards; `null`: always worth telling. */
  readonly expiresMs: number | null;
}

export interface Claimed {
  readonly id: string;
  readonly account: string | null;
  readonly content: unknown;
  readonly madeMs: number;
  /** This one included. */
  readonly attempts: number;
  readonly expiresMs: number | null;
}

/** How a channel does, for people. */
export interface ChannelState {
  readonly waiting: number;
  /** When the oldest of those was made; `null`: none waits. */
  readonly oldestMs: number | null;
  /** Last time something was handed over; `null`: never yet. */
  readonly workedMs: number | null;
  /** `null`: it works, as far as is known. */
  readonly downSinceMs: number | null;
  readonly why: string | null;
  /** Of the last thirty days, newest first; at most ten. */
  readonly refused: readonly {
    readonly account: string | null;
    readonly atMs: number;
    readonly why: string;
  }[];
}

const COLUMNS = {
  id: 'text',
  channel: 'text',
  account: 'text',
  content: 'text',
  made_ms: 'bigint',
  due_ms: 'bigint',
  expires_ms: 'bigint',
} as const;

/** Within the transaction of what it tells of. */
export function putPosts(sql: Sql, posts: readonly Post[], nowMs: number): Promise<void> {
  const rows = posts.map(({ id, channel, account, content, dueMs, expiresMs }) => ({
    ...{ id, channel, account, content: JSON.stringify(content) },
    ...{ made_ms: nowMs, due_ms: dueMs, expires_ms: expiresMs },
  }));
  return sql.insert('outbox', COLUMNS, rows, 'ON CONFLICT (id) DO NOTHING');
}

interface ClaimedRow {
  readonly id: string;
  readonly account: string | null;
  readonly content: string;
  readonly made_ms: number;
  readonly attempts: number;
  readonly expires_ms: number | null;
}

export class Outbox {
  readonly #db: Database;
  readonly #owner: string;

  /** @param owner of the claims; one for each process */
  constructor(db: Database, owner: string) {
    this.#db = db;
    this.#owner = owner;
  }

  put(posts: readonly Post[], nowMs: number): Promise<void> {
    return putPosts(this.#db, posts, nowMs);
  }

  /**
   * The next one that is due, for this process alone until the lease ends. What was tried least comes first, so that one that
   * never passes holds up no other.
   * @returns `null`: none, or another server was faster.
   */
  async claim(channel: Channel, nowMs: number): Promise<Claimed | null> {
    const rows = await this.#db.all<ClaimedRow>(
      `UPDATE outbox SET claimed_by = $1, claimed_until_ms = $2, attempts = attempts + 1
       WHERE id = (
         SELECT id FROM outbox WHERE channel = $3 AND state = 'waiting' AND due_ms <= $4 AND claimed_until_ms <= $4
         ORDER BY attempts, due_ms, id LIMIT 1)
       AND state = 'waiting' AND claimed_until_ms <= $4
       RETURNING id, account, content, made_ms, attempts, expires_ms`,
      ...[this.#owner, nowMs + LEASE_MS, channel, nowMs],
    );
    const row = rows[0];
    if (row === undefined) return null;
    const { id, account, made_ms: madeMs, attempts, expires_ms: expiresMs } = row;
    return { id, account, content: JSON.parse(row.content), madeMs, attempts, expiresMs };
  }

  /** Also where the lease has ended: what was handed over was. */
  async ended(
    id: string,
    state: 'sent' | 'refused' | 'dropped',
    why: string | null,
    nowMs: number,
  ): Promise<void> {
    await this.#db.run(
      `UPDATE outbox SET state = $1, content = NULL, claimed_by = NULL, claimed_until_ms = 0, ended_ms = $2, why = $3
       WHERE id = $4 AND state = 'waiting'`,
      ...[state, nowMs, why, id],
    );
  }

  /** Gives a claim back. */
  async again(id: string, dueMs: number, why: string): Promise<void> {
    await this.#db.run(
      `UPDATE outbox SET claimed_by = NULL, claimed_until_ms = 0, due_ms = $1, why = $2
       WHERE id = $3 AND state = 'waiting' AND claimed_by = $4`,
      ...[dueMs, why, id, this.#owner],
    );
  }

  /** What waits under ids that begin so, and is with nobody. @param prefix without signs of LIKE */
  async drop(prefix: string, why: string, nowMs: number): Promise<void> {
    await this.#db.run(
      `UPDATE outbox SET state = 'dropped', content = NULL, ended_ms = $1, why = $2
       WHERE id LIKE $3 AND state = 'waiting' AND claimed_until_ms <= $1`,
      ...[nowMs, why, `${prefix}%`],
    );
  }

  /** When the next one is due, or its lease ends; `null`: none waits. */
  async nextMs(channel: Channel): Promise<number | null> {
    const row = await this.#db.get<{ at_ms: number | null }>(
      `SELECT min(CASE WHEN due_ms > claimed_until_ms THEN due_ms ELSE claimed_until_ms END) AS at_ms
       FROM outbox WHERE channel = $1 AND state = 'waiting'`,
      channel,
    );
    return row?.at_ms ?? null;
  }

  async worked(channel: Channel, nowMs: number): Promise<void> {
    await this.#db.run(
      `INSERT INTO channel_health (channel, worked_ms) VALUES ($1, $2)
       ON CONFLICT (channel) DO UPDATE SET worked_ms = excluded.worked_ms, down_since_ms = NULL, why = NULL`,
      ...[channel, nowMs],
    );
  }

  /** Since when is kept from the first time on. */
  async down(channel: Channel, why: string, nowMs: number): Promise<void> {
    await this.#db.run(
      `INSERT INTO channel_health (channel, down_since_ms, why) VALUES ($1, $2, $3)
       ON CONFLICT (channel) DO UPDATE SET down_since_ms = coalesce(channel_health.down_since_ms, excluded.down_since_ms),
         why = excluded.why`,
      ...[channel, nowMs, why],
    );
  }

  /** What ended long ago. */
  async forget(nowMs: number): Promise<void> {
    await this.#db.run('DELETE FROM outbox WHERE ended_ms < $1', nowMs - KEPT_MS);
  }
}

export async function channelState(sql: Sql, channel: Channel): Promise<ChannelState> {
  const waiting = await sql.get<{ n: number; oldest: number | null }>(
    `SELECT count(*) AS n, min(made_ms) AS oldest FROM outbox WHERE channel = $1 AND state = 'waiting'`,
    channel,
  );
  const health = await sql.get<{
    worked_ms: number | null;
    down_since_ms: number | null;
    why: string | null;
  }>('SELECT worked_ms, down_since_ms, why FROM channel_health WHERE channel = $1', channel);
  const refused = await sql.all<{ account: string | null; ended_ms: number; why: string | null }>(
    `SELECT account, ended_ms, why FROM outbox WHERE channel = $1 AND state = 'refused' ORDER BY ended_ms DESC LIMIT 10`,
    channel,
  );
  return {
    waiting: waiting?.n ?? 0,
    oldestMs: waiting?.oldest ?? null,
    workedMs: health?.worked_ms ?? null,
    downSinceMs: health?.down_since_ms ?? null,
    why: health?.why ?? null,
    refused: refused.map(({ account, ended_ms: atMs, why }) => ({ account, atMs, why: why ?? '' })),
  };
}
