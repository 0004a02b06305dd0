// Routes of alarms: the lists, what people do about one, and the limits of a machine with their rehearsal.
// Invariant: every machine passes through `seen` or `may`; an alarm of a machine that may not be seen answers like that machine.
// Not here: how alarms come about (alarms/), saving limits (manage.ts).
import {
  type AlarmCount,
  type AlarmHistory,
  type AlarmHistoryEntry,
  type AlarmMachine,
  type Alarms,
  type AlarmView,
  acknowledgeRequest,
  alarmsRequest,
  type FleetChannel,
  type LimitsView,
  MOST_SHELF_MS,
  type Rehearsal,
  rehearsalRequest,
  shelveRequest,
} from '@vigie/contract';
import { type MachineSchema, mistakesIn } from '@vigie/model';
import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { may } from '../accounts/rights.ts';
import { standingOf } from '../alarms/alarm-rows.ts';
import type { Acted, AlarmRecord } from '../alarms/alarm-store.ts';
import type { AlarmEvent } from '../alarms/event.ts';
import { stateOf } from '../alarms/isa.ts';
import { rehearse } from '../alarms/rehearse.ts';
import type { MachineRecord } from '../store/store.ts';
import { fail } from './fail.ts';
import {
  type Env,
  type Parts,
  readBody,
  schemaOf,
  seen,
  sentence,
  shownSchema,
  unknown,
  wholeNumber,
} from './parts.ts';

const BEAT_MS = 15_000;
const DAY_MS = 86_400_000;

export function alarmRoutes(parts: Parts): Hono<Env> {
  const { store, accounts, live, clock } = parts;
  const api = new Hono<Env>();

  /** Views of alarms of machines that whoever asks may see, and these machines. */
  const shown = async (c: Context<Env>, records: readonly AlarmRecord[]) => {
    const machines = new Map((await store.machines()).map((machine) => [machine.id, machine]));
    const schemas = new Map<string, MachineSchema | null>();
    const alarms: AlarmView[] = [];
    const named = new Map<string, AlarmMachine>();
    for (const record of records) {
      const machine = machines.get(record.machine);
      if (machine === undefined || !may(c.get('actor'), 'see-machine', machine.id)) continue;
      const { id, name, site, timeZone } = machine;
      if (!schemas.has(id)) schemas.set(id, await shownSchema(parts, machine));
      const editable = may(c.get('actor'), 'set-limits', id);
      named.set(id, { id, name, site, timeZone, editable });
      alarms.push(viewOf(record, schemas.get(id) ?? null));
    }
    return { alarms, machines: [...named.values()] };
  };

  api.get('/alarms', async (c) => {
    const query = alarmsRequest.safeParse(c.req.query());
    if (!query.success) return fail(c, 'invalid', sentence(query.error));
    const { list, machine, severity, before = Number.MAX_SAFE_INTEGER, from, count } = query.data;
    if (machine !== undefined && (await seen(parts, c, machine)) === null) return unknown(c, machine);
    let records: readonly AlarmRecord[];
    if (machine !== undefined && from !== undefined) {
      records = await store.alarmsBetween(machine, from, before, count + 1);
    } else if (list === 'open') {
      const open = await store.openAlarms(machine);
      records = open.filter((alarm) => severity === undefined || alarm.severity === severity);
    } else {
      const ids = machine === undefined ? (await store.machines()).map(({ id }) => id) : [machine];
      const visible = ids.filter((id) => may(c.get('actor'), 'see-machine', id));
      records = await store.pastAlarms(visible, { severity: severity ?? null, beforeMs: before }, count + 1);
    }
    const { alarms, machines } = await shown(c, records);
    if (list === 'open') alarms.sort(byUrgency);
    return c.json<Alarms>({
      alarms: alarms.slice(0, count),
      machines,
      more: alarms.length > count,
      nowMs: clock.utcMs(),
    });
  });

  api.get('/alarms/count', async (c) => {
    const all = await store.openAlarms();
    const mine = all.filter(
      ({ machine, shelf }) => shelf === null && may(c.get('actor'), 'see-machine', machine),
    );
    const active = mine.filter(({ over_ms }) => over_ms === null);
    const worst = active.some(({ severity }) => severity === 'alarm') ? 'alarm' : 'warning';
    return c.json<AlarmCount>({
      active: active.length,
      unacknowledged: mine.filter(({ acknowledged_ms }) => acknowledged_ms === null).length,
      worst: active.length === 0 ? null : worst,
    });
  });

  api.get('/alarms/live', async (c) => {
    const token = c.get('token');
    const actor = c.get('actor');
    return streamSSE(c, async (out) => {
      let changed = false;
      let ended = false;
      let wake: () => void = () => undefined;
      const unwatch = live.watchAlarms((machine) => {
        if (!may(actor, 'see-machine', machine)) return;
        changed = true;
        wake();
      });
      const unguard = accounts.watch.watch(token, () => {
        ended = true;
        wake();
      });
      out.onAbort(() => wake());
      const write = (event: string) =>
        out.writeSSE({ event, data: JSON.stringify({ nowMs: clock.utcMs() }) });
      try {
        await write('beat');
        ended ||= (await accounts.sessions.find(token)) === null;
        while (!out.aborted && !ended) {
          if (changed) {
            changed = false;
            await write('alarms');
            continue;
          }
          const isBeat = await new Promise<boolean>((resolve) => {
            const timer = clock.after(BEAT_MS, () => resolve(true));
            wake = () => {
              timer.cancel();
              resolve(false);
            };
          });
          if (isBeat) await write('beat');
        }
      } finally {
        unwatch();
        unguard();
      }
    });
  });

  /** The alarm of a machine that whoever asks may see. */
  const found = async (
    c: Context<Env>,
    machineId: string,
    alarm: string,
  ): Promise<
    | { readonly ok: true; readonly machine: MachineRecord; readonly id: number }
    | { readonly ok: false; readonly answer: Response }
  > => {
    const machine = await seen(parts, c, machineId);
    if (machine === null) return { ok: false, answer: unknown(c, machineId) };
    const id = wholeNumber(alarm, -1);
    if (id === null || id < 1) return { ok: false, answer: fail(c, 'not-found', 'There is no such alarm.') };
    return { ok: true, machine, id };
  };
  const acted = async (c: Context<Env>, machine: string, id: number, result: Acted, gone: string) => {
    if (result === 'not-found') return fail(c, 'not-found', 'There is no such alarm.');
    if (result === 'no-place') return fail(c, 'changed', gone);
    live.alarmed(machine);
    const record = await store.alarm(machine, id);
    const { alarms } = await shown(c, record === null ? [] : [record]);
    const [view] = alarms;
    return view === undefined ? fail(c, 'not-found', 'There is no such alarm.') : c.json<AlarmView>(view);
  };

  api.post('/machines/:id/alarms/:alarm/acknowledge', async (c) => {
    const of = await found(c, c.req.param('id'), c.req.param('alarm'));
    if (!of.ok) return of.answer;
    if (!may(c.get('actor'), 'acknowledge-alarm', of.machine.id)) {
      return fail(c, 'forbidden', 'Only who is linked to the machine acknowledges its alarms.');
    }
    const body = await readBody(c, acknowledgeRequest);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const result = await store.acknowledgeAlarm(of.machine.id, of.id, c.get('me').name, body.value.comment);
    return acted(c, of.machine.id, of.id, result, 'Somebody has acknowledged it already.');
  });

  api.post('/machines/:id/alarms/:alarm/shelve', async (c) => {
    const of = await found(c, c.req.param('id'), c.req.param('alarm'));
    if (!of.ok) return of.answer;
    if (!may(c.get('actor'), 'shelve-alarm', of.machine.id)) {
      return fail(c, 'forbidden', 'Only an Admin of the machine shelves its alarms.');
    }
    const body = await readBody(c, shelveRequest);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const { forMs, reason } = body.value;
    const { id: author, name: authorName } = c.get('me');
    const untilMs = clock.utcMs() + (forMs ?? MOST_SHELF_MS);
    const shelf = { untilMs, untilOver: forMs === null, reason, author, authorName };
    const result = await store.shelveAlarm(of.machine.id, of.id, shelf);
    return acted(c, of.machine.id, of.id, result, 'It is shelved already, or over.');
  });

  api.delete('/machines/:id/alarms/:alarm/shelve', async (c) => {
    const of = await found(c, c.req.param('id'), c.req.param('alarm'));
    if (!of.ok) return of.answer;
    if (!may(c.get('actor'), 'shelve-alarm', of.machine.id)) {
      return fail(c, 'forbidden', 'Only an Admin of the machine shelves its alarms.');
    }
    const result = await store.unshelveAlarm(of.machine.id, of.id, c.get('me').name);
    return acted(c, of.machine.id, of.id, result, 'It is not shelved any more.');
  });

  api.get('/machines/:id/alarms/:alarm/history', async (c) => {
    const of = await found(c, c.req.param('id'), c.req.param('alarm'));
    if (!of.ok) return of.answer;
    const events = await store.alarmEvents(of.machine.id, of.id);
    return c.json<AlarmHistory>({ entries: events.flatMap(historyOf) });
  });

  api.get('/machines/:id/limits', async (c) => {
    const machine = await seen(parts, c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    return c.json<LimitsView>({
      machine: machine.id,
      version: machine.version,
      model: await schemaOf(parts, machine),
      settings: machine.settings,
      editable: may(c.get('actor'), 'set-limits', machine.id),
    });
  });

  api.post('/machines/:id/rehearsal', async (c) => {
    const machine = await seen(parts, c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    if (!may(c.get('actor'), 'set-limits', machine.id)) {
      return fail(c, 'forbidden', 'Only an Admin of the machine edits its limits.');
    }
    const body = await readBody(c, rehearsalRequest);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const { channel, override, days } = body.value;
    const schema = await schemaOf(parts, machine);
    if (schema === null || !schema.channels.some(({ id }) => id === channel)) {
      return fail(c, 'invalid', `channel: the machine has no channel ${channel}.`);
    }
    const settings = { ...machine.settings, channels: { [channel]: override } };
    const wrong = mistakesIn(settings, schema)[0];
    if (wrong !== undefined) return fail(c, 'invalid', wrong);
    const toMs = clock.utcMs();
    const range = { fromMs: toMs - days * DAY_MS, toMs };
    return c.json<Rehearsal>(await rehearse(store, machine, schema, channel, override, range));
  });
  return api;
}

/** Those that ring before those that wait, alarm before warning, newest first; shelved ones last. */
function byUrgency(a: AlarmView, b: AlarmView): number {
  const rank = ({ shelf, overMs, severity }: AlarmView): number =>
    (shelf === null ? 0 : 4) + (overMs === null ? 0 : 2) + (severity === 'alarm' ? 0 : 1);
  return rank(a) - rank(b) || b.happenedMs - a.happenedMs;
}

function viewOf(record: AlarmRecord, schema: MachineSchema | null): AlarmView {
  const { machine, id, kind, severity, value, peak, crossings, cause, shelf } = record;
  const acknowledgedMs = record.acknowledged_ms;
  return {
    ...{ machine, id, kind, severity, channel: channelOf(record.channel, schema) },
    state: stateOf(standingOf(record, shelf !== null)),
    ...{ happenedMs: record.happened_ms, learnedMs: record.learned_ms },
    ...{ overMs: record.over_ms, overLearnedMs: record.over_learned_ms },
    ...{ limit: record.limit_value, value, peak, peakMs: record.peak_ms, crossings },
    flapping: record.flapping === 1,
    acknowledged:
      acknowledgedMs === null
        ? null
        : { atMs: acknowledgedMs, by: record.acknowledged_by ?? '', comment: record.comment ?? '' },
    shelf:
      shelf === null
        ? null
        : {
            ...{ atMs: shelf.at_ms, untilMs: shelf.until_over === 1 ? null : shelf.until_ms },
            ...{ reason: shelf.reason, by: shelf.author_name },
          },
    cause,
  };
}

/** A channel that a newer schema does not have any more is still named. */
function channelOf(id: string | null, schema: MachineSchema | null): FleetChannel | null {
  if (id === null) return null;
  const channel = schema?.channels.find((one) => one.id === id);
  if (channel === undefined) {
    return { id, names: { fr: id, en: id }, unit: '', decimals: null, states: null };
  }
  const { names, unit, decimals, states } = channel;
  return { id, names, unit, decimals, states };
}

function historyOf(event: AlarmEvent): AlarmHistoryEntry[] {
  if (event.event === 'caught-up') return [];
  const { atMs, facts } = event;
  const entry = (by: string | null, text: string, happenedMs = atMs): AlarmHistoryEntry[] => [
    { kind: event.event, atMs, happenedMs, by, text },
  ];
  switch (event.event) {
    case 'rung':
      return event.afterShelf ? entry(null, '') : entry(null, '', facts.happenedMs);
    case 'over':
      return entry(null, '', facts.overMs ?? atMs);
    case 'acknowledged':
      return entry(event.by, event.comment);
    case 'shelved':
      return entry(event.by, event.reason);
    case 'unshelved':
      return entry(event.by, '');
    case 'flapping':
    case 'escalation-due':
      return entry(null, '');
  }
}
