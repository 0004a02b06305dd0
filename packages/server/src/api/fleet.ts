// Routes of the fleet: the list of machines with what their newest rows mean, the last week of some, and what happened
// since somebody's last visit. Invariant: the list costs two or three queries, however many machines there are.
import {
  type Fleet,
  type FleetChannel,
  type MachineSummary,
  type Strips,
  stripsRequest,
  type Visit,
} from '@vigie/contract';
import { type Channel, gaugesOf, type MachineSchema, overridden, readRow } from '@vigie/model';
import { Hono } from 'hono';
import { may } from '../accounts/rights.ts';
import { type Condition, conditionOf, sinceOf } from '../fleet/condition.ts';
import { visitOf } from '../fleet/visit.ts';
import { Weeks } from '../fleet/week.ts';
import type { Conditions } from '../journal/changes.ts';
import type { PresentRow } from '../store/present.ts';
import type { MachineRecord } from '../store/store.ts';
import { fail } from './fail.ts';
import { type Env, type Parts, schemaOf, sentence } from './parts.ts';

const KEY_VALUES = 3;

interface Seen {
  readonly machine: MachineRecord;
  readonly row: PresentRow | null;
  readonly schema: MachineSchema | null;
  readonly reading: ReturnType<typeof readRow> | null;
  readonly condition: Condition | null;
}

/** Channels by their place in the answer, each once. */
class Channels {
  readonly list: FleetChannel[] = [];
  readonly #places = new Map<Channel, number>();

  placeOf(channel: Channel): number {
    const known = this.#places.get(channel);
    if (known !== undefined) return known;
    const { id, names, unit, decimals, states } = channel;
    this.#places.set(channel, this.list.length);
    return this.list.push({ id, names, unit, decimals, states }) - 1;
  }
}

export function fleetRoutes(parts: Parts): Hono<Env> {
  const { store, accounts, live, clock } = parts;
  const api = new Hono<Env>();
  const weeks = new Weeks(store, clock);

  /** The newest of what is stored and what was shown live; a live row is of the schema named last. */
  const newestOf = (machine: MachineRecord, stored: PresentRow | null): PresentRow | null => {
    const shown = live.lastRow(machine.id);
    if (shown === null || machine.schemaHash === null) return stored;
    return stored === null || shown.atMs > stored.atMs
      ? { ...shown, schemaHash: machine.schemaHash }
      : stored;
  };

  api.get('/machines', async (c) => {
    const [machines, rows] = [await store.machines(), await store.lastRows()];
    const seen: Seen[] = [];
    for (const machine of machines) {
      if (machine.retired || !may(c.get('actor'), 'see-machine', machine.id)) continue;
      const row = newestOf(machine, rows.get(machine.id) ?? null);
      const sent = row === null ? await schemaOf(parts, machine) : await store.schema(row.schemaHash);
      const schema = sent === null ? null : overridden(sent, machine.settings.channels);
      const reading = row === null || schema === null ? null : readRow(schema, row.values);
      seen.push({ machine, row, schema, reading, condition: reading === null ? null : conditionOf(reading) });
    }
    const abnormal = seen.filter(({ condition }) => condition !== null && condition.worst !== null);
    const kept = await store.conditionsOf(abnormal.map(({ machine }) => machine.id));
    const undated = seen.some(({ row }) => row === null) ? await store.withUndated() : new Set<string>();
    const channels = new Channels();
    const summaryOf = ({ machine, row, schema, reading, condition }: Seen): MachineSummary => {
      const { id, name, site, settings } = machine;
      const json = kept.get(id);
      const told = json === undefined ? null : (JSON.parse(json) as Conditions);
      const worst = condition?.worst ?? null;
      return {
        ...{ id, name, site, model: schema?.names ?? null },
        intervalMs: live.intervalMs(id, settings.intervalMs),
        connected: live.connected(id) !== null,
        lastRowMs: row?.atMs ?? null,
        onlyUndated: row === null && undated.has(id),
        condition:
          condition === null
            ? null
            : {
                ...{ kind: condition.kind, count: condition.count, state: condition.state },
                channel: worst === null ? null : channels.placeOf(worst.channel),
                level: worst?.level ?? null,
                sinceMs: worst === null ? null : sinceOf(told, worst.channel.id, worst.level),
              },
        values: gaugesOf(reading?.readings ?? [])
          .slice(0, KEY_VALUES)
          .map(({ channel, value, level }) => ({ channel: channels.placeOf(channel), value, level })),
      };
    };
    return c.json<Fleet>({
      machines: seen.map(summaryOf),
      channels: channels.list,
      nowMs: clock.utcMs(),
    });
  });

  api.get('/strips', async (c) => {
    const query = stripsRequest.safeParse(c.req.query());
    if (!query.success) return fail(c, 'invalid', sentence(query.error));
    const strips: [string, Strips[string]][] = [];
    for (const id of new Set(query.data.machines)) {
      if (!may(c.get('actor'), 'see-machine', id)) continue;
      if ((await store.machine(id)) !== null) strips.push([id, await weeks.of(id)]);
    }
    // A machine may be called like what every object has.
    return c.json<Strips>(Object.fromEntries(strips));
  });

  api.post('/visit', async (c) => {
    const me = c.get('me');
    const sinceMs = await accounts.visit(me.id);
    const isVisible = (machine: string): boolean => may(c.get('actor'), 'see-machine', machine);
    return c.json<Visit>(await visitOf(store, sinceMs, clock.utcMs(), isVisible));
  });

  return api;
}
