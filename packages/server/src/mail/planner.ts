// Turns what alarms did into mails that wait in the outbox, by plan.ts: one transaction takes the events, moves the plan's
// state and puts the posts, so that nothing is told twice or forgotten wherever a server ends.
// Invariant: of several servers one plans at a time. Not here: who is told what (plan.ts), sending (courier.ts).
import { type Clock, Wake } from '@vigie/protocol';
import { newToken, sha256 } from '../accounts/account.ts';
import type { NotificationWishes } from '../accounts/notifications.ts';
import { takeAlarmEvents } from '../alarms/alarm-rows.ts';
import type { AlarmEvent } from '../alarms/event.ts';
import type { Database, Sql } from '../store/database.ts';
import type { Letter } from './letter.ts';
import { type Post, putPosts } from './outbox.ts';
import { type Planned, type PlanState, plan, type Telling } from './plan.ts';

/** As long as a mail may lie before it is read and answered. */
const ACKNOWLEDGE_MS = 7 * 86_400_000;
/** Events come without a word. */
const LOOK_MS = 5000;
/** All is looked at so often, whatever this server knows. */
const WHOLE_MS = 60_000;
const MOST_EVENTS = 5000;
/** Of quiet hours, where nobody said a zone. */
const NO_ZONE = 'UTC';

export interface PlannerOptions {
  readonly db: Database;
  readonly wishes: NotificationWishes;
  readonly clock: Clock;
  /** Posts may be due. */
  readonly put: () => void;
  readonly mails: boolean;
  readonly callsWebhook: boolean;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

export class Planner {
  readonly #options: PlannerOptions;
  readonly #wake: Wake;
  #round: Promise<void> | null = null;
  #closed = false;
  /** Of the last plan. */
  #nextMs: number | null = null;
  #wasBusy = false;
  #wholeMs = Number.NEGATIVE_INFINITY;

  constructor(options: PlannerOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock, () => this.look());
  }

  /** There may be something to plan. */
  look(): void {
    if (this.#closed || this.#round !== null) return;
    const { clock, log } = this.#options;
    this.#round = this.#go()
      .catch((error: unknown) => log('mail: planning failed, it is tried again', { why: String(error) }))
      .finally(() => {
        this.#round = null;
        if (this.#closed) return;
        const inMs = this.#nextMs === null ? LOOK_MS : Math.min(LOOK_MS, this.#nextMs - clock.utcMs());
        this.#wake.by(clock.monotonicMs() + Math.max(100, inMs));
      });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake.cancel();
    await this.#round;
  }

  async #go(): Promise<void> {
    const { db, clock } = this.#options;
    const isDue = this.#nextMs !== null && this.#nextMs <= clock.utcMs();
    if (!isDue && !this.#wasBusy && clock.monotonicMs() < this.#wholeMs) {
      if ((await db.get('SELECT sequence FROM alarm_event WHERE taken = 0 LIMIT 1')) === undefined) return;
    }
    this.#wholeMs = clock.monotonicMs() + WHOLE_MS;
    while (await this.#plan());
  }

  /** @returns whether more events wait. */
  async #plan(): Promise<boolean> {
    const { db, wishes, clock, mails, put } = this.#options;
    const readers = mails ? await wishes.readers() : [];
    const result = await db.transaction(async (sql) => {
      await sql.run("INSERT INTO mail_planner (id) VALUES ('planner') ON CONFLICT (id) DO NOTHING");
      await sql.lock('mail_planner', { id: 'text' }, [{ id: 'planner' }]);
      const events = await takeAlarmEvents(sql, MOST_EVENTS);
      const before = await readState(sql);
      const waiting = await sql.all<{ account: string }>(
        `SELECT DISTINCT account FROM outbox
         WHERE channel = 'mail' AND state = 'waiting' AND id LIKE 'alarms %' AND account IS NOT NULL`,
      );
      const busy = new Set(waiting.map(({ account }) => account));
      const planned = plan(
        before,
        events,
        readers.map(({ id, machines, wishes: of, zone }) => ({
          id,
          machines,
          wishes: of,
          zone: zone ?? NO_ZONE,
        })),
        busy,
        clock.utcMs(),
      );
      await writeState(sql, before, planned.state);
      await putPosts(
        sql,
        [...(await this.#mailPosts(sql, planned)), ...this.#webhookPosts(events)],
        clock.utcMs(),
      );
      return { planned, isBusy: busy.size > 0, hasMore: events.length === MOST_EVENTS };
    });
    this.#nextMs = result.planned.nextMs;
    this.#wasBusy = result.isBusy || result.planned.letters.length > 0;
    put();
    return result.hasMore;
  }

  async #mailPosts(sql: Sql, { letters }: Planned): Promise<readonly Post[]> {
    const { clock } = this.#options;
    const nowMs = clock.utcMs();
    await sql.run('DELETE FROM acknowledge_link WHERE expires_ms <= $1', nowMs);
    const posts: Post[] = [];
    for (const { id, account, letter, toAcknowledge } of letters) {
      const token = toAcknowledge.length === 0 ? null : newToken();
      if (token !== null) {
        await sql.run(
          'INSERT INTO acknowledge_link (sha256, account, alarms, expires_ms) VALUES ($1, $2, $3, $4)',
          ...[sha256(token), account, JSON.stringify(toAcknowledge), nowMs + ACKNOWLEDGE_MS],
        );
      }
      const content: Letter = { ...letter, token };
      posts.push({ id, channel: 'mail', account, content, dueMs: nowMs, expiresMs: null });
    }
    return posts;
  }

  #webhookPosts(events: readonly AlarmEvent[]): readonly Post[] {
    if (!this.#options.callsWebhook) return [];
    return events.map((event) => ({
      id: `webhook ${event.machine}/${event.sequence}`,
      ...{ channel: 'webhook', account: null, content: event, dueMs: event.atMs, expiresMs: null },
    }));
  }
}

async function readState(sql: Sql): Promise<PlanState> {
  const tellings = await sql.all<{ id: string; json: string }>('SELECT id, json FROM mail_telling');
  const paces = await sql.all<{ account: string; json: string }>('SELECT account, json FROM mail_pace');
  return {
    tellings: new Map(tellings.map(({ id, json }) => [id, JSON.parse(json) as Telling])),
    paces: new Map(paces.map(({ account, json }) => [account, JSON.parse(json) as number[]])),
  };
}

/** Writes what has changed. */
async function writeState(sql: Sql, before: PlanState, after: PlanState): Promise<void> {
  const write = async <T>(
    table: 'mail_telling' | 'mail_pace',
    key: 'id' | 'account',
    old: ReadonlyMap<string, T>,
    now: ReadonlyMap<string, T>,
  ): Promise<void> => {
    const gone = [...old.keys()].filter((id) => !now.has(id));
    const changed = [...now].filter(([id, value]) => old.get(id) !== value);
    await sql.remove(
      table,
      { [key]: 'text' },
      gone.map((id) => ({ [key]: id })),
    );
    await sql.insert(
      table,
      { [key]: 'text', json: 'text' },
      changed.map(([id, value]) => ({ [key]: id, json: JSON.stringify(value) })),
      `ON CONFLICT (${key}) DO UPDATE SET json = excluded.json`,
    );
  };
  await write('mail_telling', 'id', before.tellings, after.tellings);
  await write('mail_pace', 'account', before.paces, after.paces);
}
