// Routes of machines as they are managed: made, renamed, retired and brought back, their settings, codes for their edges.
// Invariant: a machine that one may not see is answered like one that there is not; what one may not do to a machine that
// one sees is forbidden. Not here: what machines measure (machines.ts, chart.ts).
import {
  atVersion,
  type Enrolment,
  type ManagedMachine,
  machineChange,
  machineCreate,
  settingsChange,
} from '@vigie/contract';
import { type MachineSettings, mistakesIn } from '@vigie/model';
import { type Context, Hono } from 'hono';
import { may } from '../accounts/rights.ts';
import type { MachineChanges, MachineRecord } from '../store/store.ts';
import { fail } from './fail.ts';
import { byOf, type Env, type Parts, readBody, schemaOf, seen, unknown } from './parts.ts';

const FIRST_INTERVAL_MS = 60_000;
type MachineAction = 'edit-machine' | 'set-limits' | 'make-enrolment-code' | 'retire-machine';
type Found =
  | { readonly ok: true; readonly machine: MachineRecord }
  | { readonly ok: false; readonly answer: Response };

export function manageRoutes(parts: Parts): Hono<Env> {
  const { store, accounts, live, clock } = parts;
  const api = new Hono<Env>();
  const found = async (c: Context<Env>, id: string, action: MachineAction): Promise<Found> => {
    const machine = await seen(parts, c, id);
    if (machine === null) return { ok: false, answer: unknown(c, id) };
    if (may(c.get('actor'), action, id)) return { ok: true, machine };
    return { ok: false, answer: fail(c, 'forbidden', 'Your role may not do this to a machine.') };
  };
  const viewOf = async (
    { id, name, site, timeZone, retired, version, publicKey }: MachineRecord,
    users: ManagedMachine['users'],
    codes: ReadonlyMap<string, number>,
  ): Promise<ManagedMachine> => ({
    ...{ id, name, site, timeZone, retired, version, enrolled: publicKey !== null },
    connected: live.connected(id) !== null,
    lastContactMs: await live.lastContactMs(id),
    codeUntilMs: codes.get(id) ?? null,
    users: users.map((user) => ({ id: user.id, name: user.name, role: user.role })),
  });
  const codes = () => store.enrolmentCodes(clock.utcMs());
  /** As it is now. */
  const answer = async (c: Context<Env>, id: string) => {
    const machine = await store.machine(id);
    if (machine === null) return unknown(c, id);
    const users = await accounts.users.ofMachines(c.get('actor'));
    return c.json<ManagedMachine>(await viewOf(machine, users.get(id) ?? [], await codes()));
  };
  const changed = (c: Context<Env>) =>
    fail(c, 'changed', 'Somebody else changed this machine meanwhile. Nothing was overwritten.');
  const managed = (c: Context<Env>): boolean => may(c.get('actor'), 'manage', null);
  const forUsers = (c: Context<Env>) =>
    fail(c, 'forbidden', 'Only an Admin or a Super Admin manages machines.');

  api.get('/manage/machines', async (c) => {
    if (!managed(c)) return forUsers(c);
    const users = await accounts.users.ofMachines(c.get('actor'));
    const waiting = await codes();
    const machines: ManagedMachine[] = [];
    for (const machine of await store.machines()) {
      if (!may(c.get('actor'), 'edit-machine', machine.id)) continue;
      machines.push(await viewOf(machine, users.get(machine.id) ?? [], waiting));
    }
    return c.json<readonly ManagedMachine[]>(machines);
  });
  api.get('/manage/machines/:id', async (c) => {
    const of = await found(c, c.req.param('id'), 'edit-machine');
    return of.ok ? answer(c, of.machine.id) : of.answer;
  });

  api.post('/machines', async (c) => {
    if (!may(c.get('actor'), 'create-machine', null)) {
      return fail(c, 'forbidden', 'Only a Super Admin adds machines.');
    }
    const body = await readBody(c, machineCreate);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const { id } = body.value;
    if ((await store.machine(id)) !== null) return fail(c, 'taken', `id: there is a machine ${id} already.`);
    await store.createMachine({ ...body.value, intervalMs: FIRST_INTERVAL_MS });
    await accounts.audit.add(byOf(c, parts), { action: 'machine-created', machine: id });
    return answer(c, id);
  });

  const change = async (
    c: Context<Env>,
    machine: MachineRecord,
    version: number,
    changes: MachineChanges,
    action: 'machine-changed' | 'machine-retired' | 'machine-restored',
  ) => {
    if ((await store.changeMachine(machine.id, version, changes)) === 'changed') return changed(c);
    const facts = Object.fromEntries(
      (['name', 'site', 'timeZone'] as const).flatMap((field) => {
        const after = changes[field];
        return after === undefined || after === machine[field]
          ? []
          : [[field, `${machine[field]} → ${after}`]];
      }),
    );
    await accounts.audit.add(byOf(c, parts), { action, machine: machine.id, facts });
    return answer(c, machine.id);
  };
  api.patch('/machines/:id', async (c) => {
    const of = await found(c, c.req.param('id'), 'edit-machine');
    if (!of.ok) return of.answer;
    const body = await readBody(c, machineChange);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const { version, ...changes } = body.value;
    return change(c, of.machine, version, changes, 'machine-changed');
  });
  for (const [path, retired] of [
    ['/machines/:id/retire', true],
    ['/machines/:id/restore', false],
  ] as const) {
    api.post(path, async (c) => {
      const of = await found(c, c.req.param('id'), 'retire-machine');
      if (!of.ok) return of.answer;
      const body = await readBody(c, atVersion);
      if (!body.ok) return fail(c, 'invalid', body.message);
      const action = retired ? 'machine-retired' : 'machine-restored';
      return change(c, of.machine, body.value.version, { retired }, action);
    });
  }

  api.put('/machines/:id/settings', async (c) => {
    const of = await found(c, c.req.param('id'), 'set-limits');
    if (!of.ok) return of.answer;
    const body = await readBody(c, settingsChange);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const { id } = of.machine;
    const { settings, version } = body.value;
    const wrong = mistakesIn(settings, await schemaOf(parts, of.machine))[0];
    if (wrong !== undefined) return fail(c, 'invalid', wrong);
    let isNewest = false;
    await store.changeSettings(id, (_: MachineSettings, present) => {
      isNewest = present === version;
      return isNewest ? settings : null;
    });
    if (!isNewest) return changed(c);
    await accounts.audit.add(byOf(c, parts), { action: 'settings-changed', machine: id });
    return answer(c, id);
  });

  api.post('/machines/:id/enrolment-code', async (c) => {
    const of = await found(c, c.req.param('id'), 'make-enrolment-code');
    if (!of.ok) return of.answer;
    const { id, retired } = of.machine;
    if (retired) return fail(c, 'invalid', `Machine ${id} is retired: bring it back first.`);
    const { code, expiresMs } = await parts.makeCode(id);
    await accounts.audit.add(byOf(c, parts), { action: 'enrolment-code-made', machine: id });
    return c.json<Enrolment>({ machine: id, code, expiresMs, linkPort: parts.linkPort });
  });
  return api;
}
