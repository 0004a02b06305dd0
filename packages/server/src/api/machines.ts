// Routes of one machine: what is known of it, its journal, and the stream of what happens to it now; and all channels there
// are. The list of machines: fleet.ts.
import type {
  Catalogue,
  CatalogueMachine,
  Journal,
  JournalKind,
  LinkView,
  MachineSchema,
  MachineView,
} from '@vigie/contract';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { may } from '../accounts/rights.ts';
import type { LiveMessage } from '../live.ts';
import type { MachineRecord } from '../store/store.ts';
import { fail } from './fail.ts';
import { type Env, type Parts, seen, shownSchema, unknown, wholeNumber } from './parts.ts';

const BEAT_MS = 15_000;
const MOST_JOURNAL = 200;
/** Events a slow page may be behind before its stream is ended; it comes back and asks afresh. */
const MOST_WAITING_EVENTS = 1000;

export function machineRoutes(parts: Parts): Hono<Env> {
  const { store, accounts, live, clock } = parts;
  const api = new Hono<Env>();
  const linkOf = async (machine: MachineRecord): Promise<LinkView> => {
    const connected = live.connected(machine.id);
    const usage = await store.monthUsage(machine.id, clock.utcMs());
    const stored = connected === null ? 0 : await store.nextSequence(machine.id, connected.spool);
    return {
      connected: connected !== null,
      lastContactMs: await live.lastContactMs(machine.id),
      connectedSinceMs: connected?.sinceMs ?? null,
      monthBlockBytes: usage.blockBytes,
      monthRows: usage.rows,
      backlogRows: connected === null ? null : Math.max(0, connected.announcedNextSequence - stored),
      bootNumber: connected?.bootNumber ?? null,
      report: live.reportOf(machine.id),
    };
  };
  const newest = async (machine: string) => {
    const [shown, stored] = [live.lastRow(machine), await store.lastRow(machine)];
    const row = shown !== null && (stored === null || shown.atMs >= stored.atMs) ? shown : stored;
    return row === null ? null : { atMs: row.atMs, values: row.values };
  };

  api.get('/catalogue', async (c) => {
    const machines: CatalogueMachine[] = [];
    const schemas = new Map<string, { readonly place: number; readonly schema: MachineSchema }>();
    for (const machine of await store.machines()) {
      const { id, name, site, timeZone, retired } = machine;
      if (retired || !may(c.get('actor'), 'see-machine', id)) continue;
      const schema = await shownSchema(parts, machine);
      const key = JSON.stringify(schema);
      if (schema !== null && !schemas.has(key)) schemas.set(key, { place: schemas.size, schema });
      machines.push({ id, name, site, timeZone, schema: schemas.get(key)?.place ?? null });
    }
    return c.json<Catalogue>({
      machines,
      schemas: [...schemas.values()].map(({ schema }) => schema),
      nowMs: clock.utcMs(),
    });
  });

  api.get('/machines/:id', async (c) => {
    const machine = await seen(parts, c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const { id, name, site, timeZone, settings } = machine;
    const last = await newest(id);
    const undated = last === null ? await store.undated(id) : [];
    return c.json<MachineView>({
      id,
      name,
      site,
      timeZone,
      schema: await shownSchema(parts, machine),
      last,
      undatedRows: undated.reduce((sum, { rows }) => sum + rows, 0),
      intervalMs: live.intervalMs(id, settings.intervalMs),
      link: await linkOf(machine),
      nowMs: clock.utcMs(),
    });
  });

  api.get('/machines/:id/journal', async (c) => {
    const machine = await seen(parts, c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const before = wholeNumber(c.req.query('before'), Number.MAX_SAFE_INTEGER);
    const count = wholeNumber(c.req.query('count'), 30);
    if (before === null || count === null || count < 1) {
      return fail(c, 'invalid', 'before and count must be whole numbers, count at least 1.');
    }
    const wanted = Math.min(count, MOST_JOURNAL);
    // A kind that there is not is one of which nothing was told.
    const kind = (c.req.query('kind') ?? null) as JournalKind | null;
    const entries = await store.journal(machine.id, before, wanted + 1, kind);
    return c.json<Journal>({ entries: entries.slice(0, wanted), more: entries.length > wanted });
  });

  api.get('/machines/:id/live', async (c) => {
    const machine = await seen(parts, c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const token = c.get('token');
    return streamSSE(c, async (out) => {
      const waiting: LiveMessage[] = [];
      let wake: () => void = () => undefined;
      const unwatch = live.watch(machine.id, (message) => {
        if (waiting.length < MOST_WAITING_EVENTS) waiting.push(message);
        wake();
      });
      let ended = false;
      const unguard = accounts.watch.watch(token, () => {
        ended = true;
        wake();
      });
      out.onAbort(() => wake());
      const write = (event: string, data: unknown) => out.writeSSE({ event, data: JSON.stringify(data) });
      try {
        await write('beat', { nowMs: clock.utcMs() });
        // Until here the session may have ended unwatched.
        ended ||= (await accounts.sessions.find(token)) === null;
        while (!out.aborted && !ended && waiting.length < MOST_WAITING_EVENTS) {
          const message = waiting.shift();
          if (message !== undefined) {
            await write(message.event, message.event === 'link' ? await linkOf(machine) : message.data);
            continue;
          }
          const beat = await new Promise<boolean>((resolve) => {
            const timer = clock.after(BEAT_MS, () => resolve(true));
            wake = () => {
              timer.cancel();
              resolve(false);
            };
          });
          if (beat) await write('beat', { nowMs: clock.utcMs() });
        }
      } finally {
        unwatch();
        unguard();
      }
    });
  });
  return api;
}
