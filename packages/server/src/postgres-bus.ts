// The bus of servers that share a PostgreSQL: NOTIFY for what happens, the table `presence` for who holds which machine.
// Invariants: of two connections of a machine the one with the higher generation stands, given by the database, so that no
// clock decides; a server that does not beat for `DEAD_MS` has ended, and exactly one other takes over what follows;
// whatever could not be said is made up for: claims are kept until written, the rest by «reload».
// A NOTIFY takes a lock on the whole database, so that what many machines say leaves in one message, and only about
// machines that somebody watches. Not here: what a server makes of it (live.ts), connections (store/postgres-database.ts).
import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '@vigie/protocol';
import { z } from 'zod';
import type { Bus, BusEvents, Presence, Told } from './bus.ts';
import type { PostgresDatabase } from './store/postgres-database.ts';

const CHANNEL = 'vigie_live';
/** What happens within this time leaves together. */
const GATHER_MS = 50;
const BEAT_MS = 4000;
const DEAD_MS = 10_000;
/** Contacts are written so rarely: a minute's block is one. */
const HEARD_EVERY_MS = 30_000;
/** PostgreSQL takes less than 8,000 bytes in a NOTIFY. */
const PIECE_BYTES = 7800;
/** Messages that wait to leave; beyond, watchers elsewhere reload instead. */
const MOST_WAITING = 5000;
/** Of a message whose end has not come yet. */
const MOST_PIECES_BYTES = 8 << 20;

const NOW_MS = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
const CLAIMED = `json_to_recordset($1::json) AS c(machine text, generation bigint, since_ms bigint, spool text, boot bigint, announced_next bigint, heard_ms bigint)`;
const CLAIM = (generation: string, where: string): string =>
  `INSERT INTO presence (machine, server, generation, since_ms, spool, boot, announced_next, heard_ms)
   SELECT machine, $2, coalesce(generation, 1), since_ms, spool, boot, announced_next, heard_ms FROM ${CLAIMED} ORDER BY machine
   ON CONFLICT (machine) DO UPDATE SET server = excluded.server, generation = ${generation}, since_ms = excluded.since_ms,
     spool = excluded.spool, boot = excluded.boot, announced_next = excluded.announced_next, heard_ms = excluded.heard_ms
   ${where} RETURNING machine, generation`;
const NEW_CLAIM = CLAIM('presence.generation + 1', '');
/** Of a connection that had its generation, where the database may have lost it: it takes nothing from a newer one. */
const CLAIM_AGAIN = CLAIM(
  'greatest(presence.generation, excluded.generation)',
  'WHERE presence.server IS NULL OR presence.generation <= excluded.generation',
);
const RELEASE = `UPDATE presence p SET server = NULL, heard_ms = r.heard_ms
  FROM json_to_recordset($1::json) AS r(machine text, heard_ms bigint) WHERE p.machine = r.machine AND p.server = $2`;
const HEARD = `UPDATE presence p SET heard_ms = r.heard_ms
  FROM json_to_recordset($1::json) AS r(machine text, heard_ms bigint) WHERE p.machine = r.machine AND p.server = $2`;
const ABANDON = `UPDATE presence p SET server = NULL FROM json_array_elements_text($1::json) AS d(id)
  WHERE p.server = d.id RETURNING p.machine, p.heard_ms, d.id AS server`;

const instant = z.number();
const presenceSchema = z.object({
  sinceMs: instant,
  spool: z.string(),
  bootNumber: z.number(),
  announcedNextSequence: z.number(),
});
/** What servers say to each other; one that a server does not know is of a newer Vigie. */
const saidSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('connected'),
    machine: z.string(),
    generation: z.number(),
    presence: presenceSchema,
  }),
  /** Its connection was at `server`. */
  z.object({ kind: z.literal('gone'), machine: z.string(), server: z.string() }),
  z.object({ kind: z.literal('watch'), machine: z.string() }),
  z.object({
    kind: z.literal('told'),
    machine: z.string(),
    message: z.discriminatedUnion('event', [
      z.object({
        event: z.literal('row'),
        data: z.object({
          atMs: instant,
          values: z.array(z.union([z.number(), z.string(), z.null()])),
        }),
      }),
      // An entry is shown, not read.
      z.object({ event: z.literal('journal'), data: z.looseObject({ atMs: instant, kind: z.string() }) }),
      z.object({ event: z.literal('alarm'), data: z.object({ machine: z.string() }) }),
      z.object({ event: z.literal('stored'), data: z.object({ fromMs: instant, toMs: instant }) }),
    ]),
  }),
  z.object({ kind: z.literal('reload') }),
]);
type Said =
  | Exclude<z.infer<typeof saidSchema>, { kind: 'told' }>
  | { readonly kind: 'told'; readonly machine: string; readonly message: Told };

interface Own {
  readonly presence: Presence;
  /** `null`: the database was not told yet. */
  generation: number | null;
  heardMs: number;
  writtenHeardMs: number;
}

interface Other {
  readonly server: string;
  readonly generation: number;
  readonly presence: Presence;
}

export interface PostgresBusOptions {
  /** Its own: a beat must not wait for charts. */
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

export class PostgresBus implements Bus {
  readonly #db: PostgresDatabase;
  readonly #clock: Clock;
  readonly #log: PostgresBusOptions['log'];
  readonly #id = randomBytes(8).toString('hex');
  #events: BusEvents | null = null;
  readonly #own = new Map<string, Own>();
  readonly #others = new Map<string, Other>();
  /** Machines whose claim is to be written. */
  readonly #claims = new Set<string>();
  readonly #releases = new Map<string, number>();
  readonly #watches = new Set<string>();
  #waiting: Said[] = [];
  #owesReload = false;
  #gathering: Timer | null = null;
  #saying: Promise<void> = Promise.resolve();
  #beating: Timer | null = null;
  #beatMs = Number.NEGATIVE_INFINITY;
  #isDown = false;
  #isClosed = false;
  #count = 0;
  /** Of messages that came in part, by server. */
  readonly #parts = new Map<string, string>();

  constructor({ db, clock, log }: PostgresBusOptions) {
    this.#db = db;
    this.#clock = clock;
    this.#log = log;
  }

  async start(events: BusEvents): Promise<void> {
    this.#events = events;
    await this.#db.listen(
      CHANNEL,
      (piece) => this.#hear(piece),
      () => void this.#recover(),
    );
    await this.#beat();
    await this.#load();
  }

  connected(machine: string, presence: Presence): void {
    const heardMs = this.#clock.utcMs();
    this.#own.set(machine, { presence, generation: null, heardMs, writtenHeardMs: heardMs });
    this.#others.delete(machine);
    this.#releases.delete(machine);
    this.#claims.add(machine);
    this.#soon();
  }

  disconnected(machine: string, heardMs: number): void {
    // What is still held when a server leaves is taken over by another one, as if it had been killed.
    if (this.#isClosed || !this.#own.delete(machine)) return;
    this.#claims.delete(machine);
    this.#releases.set(machine, heardMs);
    this.#soon();
  }

  heard(machine: string, heardMs: number): void {
    const own = this.#own.get(machine);
    if (own !== undefined) own.heardMs = heardMs;
  }

  watch(machine: string): void {
    this.#watches.add(machine);
    this.#soon();
  }

  tell(machine: string, message: Told): void {
    this.#say({ kind: 'told', machine, message });
  }

  async lastContactMs(machine: string): Promise<number | null> {
    const row = await this.#db.get<{ heard_ms: number }>(
      'SELECT heard_ms FROM presence WHERE machine = $1',
      machine,
    );
    return row?.heard_ms ?? null;
  }

  async close(): Promise<void> {
    this.#gathering?.cancel();
    this.#beating?.cancel();
    await this.#sayAll();
    this.#isClosed = true;
    // The others need not wait for its silence.
    await this.#db.run('UPDATE server SET beat_ms = 0 WHERE id = $1', this.#id).catch(() => undefined);
    await this.#db.close();
  }

  #say(said: Said): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#waiting = [];
      this.#owesReload = true;
    }
    this.#waiting.push(said);
    this.#soon();
  }

  #soon(): void {
    if (this.#gathering !== null || this.#isClosed || this.#isDown) return;
    this.#gathering = this.#clock.after(GATHER_MS, () => void this.#sayAll());
  }

  /** One after the other: whatever waits now has been said when it resolves, or waits for the next beat. */
  #sayAll(): Promise<void> {
    this.#gathering?.cancel();
    this.#gathering = null;
    this.#saying = this.#saying.then(async () => {
      const claims = [...this.#claims];
      const releases = [...this.#releases];
      const watches = [...this.#watches];
      const waiting = this.#waiting;
      const owesReload = this.#owesReload;
      this.#waiting = [];
      if (claims.length + releases.length + watches.length + waiting.length === 0 && !owesReload) return;
      try {
        await this.#write(claims, releases, [
          ...watches.map((machine) => ({ kind: 'watch', machine }) as const),
          ...waiting,
          ...(owesReload ? [{ kind: 'reload' } as const] : []),
        ]);
      } catch (error) {
        // Claims, releases and watches still wait; what was to be shown has gone by.
        this.#owesReload ||= owesReload || waiting.length > 0;
        this.#down(error);
        return;
      }
      for (const machine of watches) this.#watches.delete(machine);
      for (const [machine, heardMs] of releases) {
        if (this.#releases.get(machine) === heardMs) this.#releases.delete(machine);
      }
      if (owesReload) this.#owesReload = false;
    });
    return this.#saying;
  }

  async #write(
    machines: readonly string[],
    releases: readonly (readonly [string, number])[],
    said: readonly Said[],
  ): Promise<void> {
    const claims = machines.flatMap((machine) => {
      const own = this.#own.get(machine);
      return own === undefined ? [] : [{ machine, own }];
    });
    const record = ({ machine, own: { presence, generation, heardMs } }: (typeof claims)[number]) => ({
      ...{
        machine,
        generation,
        since_ms: presence.sinceMs,
        spool: presence.spool,
        boot: presence.bootNumber,
      },
      ...{ announced_next: presence.announcedNextSequence, heard_ms: heardMs },
    });
    const written = new Map<string, number>();
    await this.#db.transaction(async (sql) => {
      // Of what is only shown nothing must outlive a cut.
      if (claims.length + releases.length === 0) {
        await sql.all("SELECT set_config('synchronous_commit', 'off', true)");
      }
      const groups = [
        [NEW_CLAIM, claims.filter(({ own }) => own.generation === null)],
        [CLAIM_AGAIN, claims.filter(({ own }) => own.generation !== null)],
      ] as const;
      for (const [text, group] of groups) {
        if (group.length === 0) continue;
        const rows = await sql.all<{ machine: string; generation: number }>(
          text,
          JSON.stringify(group.map(record)),
          this.#id,
        );
        for (const { machine, generation } of rows) written.set(machine, generation);
      }
      if (releases.length > 0) {
        const gone = releases.map(([machine, heard_ms]) => ({ machine, heard_ms }));
        await sql.run(RELEASE, JSON.stringify(gone), this.#id);
      }
      const all: Said[] = [
        ...releases.map(([machine]) => ({ kind: 'gone', machine, server: this.#id }) as const),
        ...claims.flatMap(({ machine, own: { presence } }) => {
          const generation = written.get(machine);
          if (generation === undefined) return [];
          const { sinceMs, spool, bootNumber, announcedNextSequence } = presence;
          const plain = { sinceMs, spool, bootNumber, announcedNextSequence };
          return [{ kind: 'connected', machine, generation, presence: plain } as const];
        }),
        ...said,
      ];
      await sql.all(
        `SELECT pg_notify('${CHANNEL}', value) FROM json_array_elements_text($1::json)`,
        JSON.stringify(this.#pieces(all)),
      );
    });
    for (const { machine, own } of claims) {
      const generation = written.get(machine);
      if (this.#own.get(machine) !== own) continue;
      this.#claims.delete(machine);
      // Not written: another server holds a newer one, and has said so or will be found by `load`.
      if (generation === undefined) continue;
      own.generation = generation;
      const other = this.#others.get(machine);
      if (other === undefined) continue;
      if (other.generation > generation) this.#giveUp(machine, other);
      else this.#others.delete(machine);
    }
  }

  /** In pieces that a NOTIFY takes, each with its sender, its number and whether more follows. */
  #pieces(all: readonly Said[]): string[] {
    const text = JSON.stringify(all).replace(
      /[\u0080-\uffff]/g,
      (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    const pieces: string[] = [];
    for (let at = 0; at < text.length; at += PIECE_BYTES) {
      const more = at + PIECE_BYTES < text.length ? '+' : '.';
      // Without a number PostgreSQL would send two equal ones once.
      pieces.push(`${this.#id}${more}${(this.#count++).toString(36)}:${text.slice(at, at + PIECE_BYTES)}`);
    }
    return pieces;
  }

  #hear(piece: string): void {
    const [, server = '', more, text = ''] = /^([0-9a-f]{16})([+.])[0-9a-z]+:(.*)$/s.exec(piece) ?? [];
    if (server === '' || server === this.#id) return;
    const whole = (this.#parts.get(server) ?? '') + text;
    this.#parts.delete(server);
    if (more === '+') {
      if (whole.length < MOST_PIECES_BYTES) this.#parts.set(server, whole);
      return;
    }
    let all: unknown;
    try {
      all = JSON.parse(whole);
    } catch {
      // The rest of one whose beginning was missed.
      return;
    }
    if (!Array.isArray(all)) return;
    for (const one of all) {
      const said = saidSchema.safeParse(one);
      if (said.success) this.#take(server, said.data as Said);
    }
  }

  #take(server: string, said: Said): void {
    switch (said.kind) {
      case 'connected':
        this.#meet(said.machine, { server, generation: said.generation, presence: said.presence });
        return;
      case 'gone':
        if (said.server === this.#id) this.#claimAgain();
        else if (this.#others.get(said.machine)?.server === said.server) this.#leave(said.machine);
        return;
      case 'watch':
        this.#events?.watched(said.machine);
        return;
      case 'told':
        this.#events?.told(said.machine, said.message);
        return;
      case 'reload':
        this.#events?.lost();
        return;
    }
  }

  /** Another server holds a connection of the machine. */
  #meet(machine: string, other: Other): void {
    const known = this.#others.get(machine);
    if (known !== undefined && known.generation > other.generation) return;
    const own = this.#own.get(machine);
    if (own !== undefined) {
      // One that waits for its generation is compared when it has it.
      if (own.generation === null) this.#others.set(machine, other);
      else if (own.generation < other.generation) this.#giveUp(machine, other);
      return;
    }
    this.#others.set(machine, other);
    if (known?.server !== other.server || known.generation !== other.generation) {
      this.#events?.elsewhere(machine, other.presence);
    }
  }

  #giveUp(machine: string, other: Other): void {
    this.#own.delete(machine);
    this.#claims.delete(machine);
    this.#others.set(machine, other);
    this.#events?.elsewhere(machine, other.presence);
  }

  #leave(machine: string): void {
    this.#others.delete(machine);
    if (!this.#own.has(machine)) this.#events?.elsewhere(machine, null);
  }

  #claimAgain(): void {
    for (const machine of this.#own.keys()) this.#claims.add(machine);
    if (this.#own.size > 0) this.#soon();
  }

  async #beat(): Promise<void> {
    try {
      const alive = await this.#db.run(`UPDATE server SET beat_ms = ${NOW_MS} WHERE id = $1`, this.#id);
      if (alive === 0) {
        await this.#db.run(`INSERT INTO server (id, beat_ms) VALUES ($1, ${NOW_MS})`, this.#id);
        this.#claimAgain();
      }
      // Where this one could not beat, the others could not either: their silence says nothing.
      const beforeMs = this.#beatMs;
      this.#beatMs = this.#clock.monotonicMs();
      if (this.#beatMs - beforeMs <= DEAD_MS || beforeMs === Number.NEGATIVE_INFINITY) await this.#bury();
      await this.#writeHeard();
      if (this.#isDown) {
        this.#isDown = false;
        this.#log('servers: the database answers again');
      }
      await this.#sayAll();
    } catch (error) {
      this.#down(error);
    }
    if (!this.#isClosed) this.#beating = this.#clock.after(BEAT_MS, () => void this.#beat());
  }

  /** Of servers that do not beat any more, whoever finds them first tells what became of their machines. */
  async #bury(): Promise<void> {
    const dead = await this.#db.all<{ id: string }>(
      `SELECT id FROM server WHERE beat_ms < ${NOW_MS} - ${DEAD_MS} AND id <> $1`,
      this.#id,
    );
    if (dead.length === 0) return;
    const ids = JSON.stringify(dead.map(({ id }) => id));
    const abandoned = await this.#db.transaction(async (sql) => {
      await sql.run('DELETE FROM server WHERE id IN (SELECT json_array_elements_text($1::json))', ids);
      return sql.all<{ machine: string; heard_ms: number; server: string }>(ABANDON, ids);
    });
    this.#log('servers: another one ended', { servers: dead.length, machines: abandoned.length });
    for (const { machine, heard_ms, server } of abandoned) {
      if (this.#others.get(machine)?.server === server) this.#leave(machine);
      this.#say({ kind: 'gone', machine, server });
      this.#events?.abandoned(machine, heard_ms);
    }
  }

  async #writeHeard(): Promise<void> {
    const due = [...this.#own].filter(
      ([machine, { heardMs, writtenHeardMs }]) =>
        heardMs - writtenHeardMs >= HEARD_EVERY_MS && !this.#claims.has(machine),
    );
    if (due.length === 0) return;
    const rows = due.map(([machine, { heardMs }]) => ({ machine, heard_ms: heardMs }));
    await this.#db.run(HEARD, JSON.stringify(rows), this.#id);
    for (const [i, [, own]] of due.entries()) own.writtenHeardMs = rows[i]?.heard_ms ?? own.writtenHeardMs;
  }

  /** The listening connection was lost, and stands again. */
  async #recover(): Promise<void> {
    this.#parts.clear();
    try {
      await this.#load();
    } catch (error) {
      this.#down(error);
    }
    this.#claimAgain();
    this.#events?.lost();
  }

  async #load(): Promise<void> {
    const rows = await this.#db.all<{
      machine: string;
      server: string;
      generation: number;
      since_ms: number;
      spool: string;
      boot: number;
      announced_next: number;
    }>('SELECT * FROM presence WHERE server IS NOT NULL AND server <> $1', this.#id);
    const found = new Set(rows.map(({ machine }) => machine));
    for (const machine of [...this.#others.keys()]) if (!found.has(machine)) this.#leave(machine);
    for (const { machine, server, generation, since_ms, spool, boot, announced_next } of rows) {
      const presence = {
        ...{ sinceMs: since_ms, spool, bootNumber: boot, announcedNextSequence: announced_next },
      };
      this.#meet(machine, { server, generation, presence });
    }
  }

  #down(error: unknown): void {
    if (!this.#isDown && !this.#isClosed) {
      this.#log('servers: the database cannot be told who is connected, it is tried again', {
        why: error instanceof Error ? error.message : String(error),
      });
    }
    this.#isDown = true;
  }
}
