// Routes of users: those whom the one who asks may edit, and every change of them.
// Invariant: whom one may not edit is answered like whom there is not.
import { atVersion, type UserInvited, type UserView, userChange, userCreate } from '@vigie/contract';
import { type Context, Hono } from 'hono';
import type { Link } from '../accounts/links.ts';
import { may } from '../accounts/rights.ts';
import type { Refused } from '../accounts/users.ts';
import { fail } from './fail.ts';
import { byOf, type Env, type Parts, readBody, seen, unknown } from './parts.ts';

export function userRoutes(parts: Parts): Hono<Env> {
  const { accounts } = parts;
  const api = new Hono<Env>();
  const refuse = (c: Context<Env>, refused: Refused) => {
    switch (refused.kind) {
      case 'unknown':
        return fail(c, 'not-found', 'There is no such user, or you may not edit them.');
      case 'forbidden':
        return fail(c, 'forbidden', refused.why);
      case 'changed':
        return fail(c, 'changed', 'Somebody else changed this user meanwhile. Nothing was overwritten.');
      case 'taken':
        return refused.what === 'email'
          ? fail(c, 'taken', 'email: another account has this address.')
          : fail(c, 'taken', 'userName: another account has this name.');
    }
  };
  const invited = async (c: Context<Env>, { user, link }: { user: UserView; link: Link }) => {
    const kind = user.state === 'invited' ? 'invitation' : 'reset';
    const mailed = await parts.post.mailLink({ kind, account: user.id, ...link });
    return c.json<UserInvited>({ user, ...link, mailed });
  };

  // Before any id is looked at: who manages nobody learns nothing by asking.
  const managersOnly = async (c: Context<Env>, next: () => Promise<void>) =>
    may(c.get('actor'), 'manage', null)
      ? next()
      : fail(c, 'forbidden', 'Only an Admin or a Super Admin manages users.');
  for (const path of ['/users', '/users/*']) api.use(path, managersOnly);

  api.get('/users', async (c) => c.json<readonly UserView[]>(await accounts.users.list(c.get('actor'))));
  api.post('/users', async (c) => {
    const body = await readBody(c, userCreate);
    if (!body.ok) return fail(c, 'invalid', body.message);
    for (const machine of body.value.machines) {
      if ((await seen(parts, c, machine)) === null) return unknown(c, machine);
    }
    const made = await accounts.users.create(body.value, byOf(c, parts));
    return made.kind === 'done' ? invited(c, made.value) : refuse(c, made);
  });
  api.patch('/users/:id', async (c) => {
    const body = await readBody(c, userChange);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const result = await accounts.users.change(c.req.param('id'), body.value, byOf(c, parts));
    return result.kind === 'done' ? c.json<UserView>(result.value) : refuse(c, result);
  });
  api.delete('/users/:id', async (c) => {
    const body = await readBody(c, atVersion);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const result = await accounts.users.remove(c.req.param('id'), body.value.version, byOf(c, parts));
    return result.kind === 'done' ? c.body(null, 204) : refuse(c, result);
  });
  api.post('/users/:id/invitation', async (c) => {
    const made = await accounts.users.invite(c.req.param('id'), byOf(c, parts));
    return made.kind === 'done' ? invited(c, made.value) : refuse(c, made);
  });
  api.delete('/users/:id/second-factor', async (c) => {
    const result = await accounts.users.endSecondFactor(c.req.param('id'), byOf(c, parts));
    return result.kind === 'done' ? c.json<UserView>(result.value) : refuse(c, result);
  });
  for (const [method, linked] of [
    ['PUT', true],
    ['DELETE', false],
  ] as const) {
    api.on(method, '/users/:id/machines/:machine', async (c) => {
      const { id, machine } = c.req.param();
      if ((await seen(parts, c, machine)) === null) return unknown(c, machine);
      const result = await accounts.users.setLinked(id, machine, linked, byOf(c, parts));
      return result.kind === 'done' ? c.json<UserView>(result.value) : refuse(c, result);
    });
  }
  return api;
}
