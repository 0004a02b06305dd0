// Routes of the machines: the list, one machine, its journal, and the stream of what happens to it now.
import type { Journal, LinkView, MachineSummary, MachineView } from '@vigie/contract';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { may } from '../accounts/rights.ts';
import type { LiveMessage } from '../live.ts';
import type { MachineRecord } from '../store/store.ts';
import { fail } from './fail.ts';
import { type Env, type Parts, schemaOf, seen, shownSchema, unknown, wholeNumber } from './parts.ts';

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
    };
  };
  const newest = async (machine: string) => {
    const [shown, stored] = [live.lastRow(machine), await store.lastRow(machine)];
    return shown !== null && (stored === null || shown.atMs >= stored.atMs) ? shown : stored;
  };

  api.get('/machines', async (c) => {
    const machines: MachineSummary[] = [];
    for (const machine of await store.machines()) {
      const { id, name, site, retired } = machine;
      if (retired || !may(c.get('actor'), 'see-machine', id)) continue;
      machines.push({
        id,
        name,
        site,
        model: (await schemaOf(parts, machine))?.names ?? null,
        lastRowMs: (await newest(id))?.atMs ?? null,
        connected: live.connected(id) !== null,
      });
    }
    return c.json({ machines, nowMs: clock.utcMs() });
  });

  api.get('/machines/:id', async (c) => {
    const machine = await seen(parts, c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const { id, name, site, timeZone, settings } = machine;
    return c.json<MachineView>({
      id,
      name,
      site,
      timeZone,
      schema: await shownSchema(parts, machine),
      last: await newest(id),
      intervalMs: settings.intervalMs,
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
    const entries = await store.journal(machine.id, before, wanted + 1);
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
