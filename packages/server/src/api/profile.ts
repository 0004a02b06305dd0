// Routes of one's own account: language and time zone, password, second factor, sessions.
// Invariant: what proves who one is changes only with the password given again.
import {
  type Me,
  meChange,
  passwordChange,
  type RecoveryCodes,
  type SecondFactorSecret,
  type SessionView,
  secondFactorBegin,
  secondFactorConfirm,
  secondFactorEnd,
} from '@vigie/contract';
import { type Context, Hono } from 'hono';
import type { Proven } from '../accounts/sign-in.ts';
import { encryptedOnly, takeToken } from './client.ts';
import { fail } from './fail.ts';
import { byOf, type Env, type Parts, readBody } from './parts.ts';
import { tooMany } from './session.ts';

export function profileRoutes(parts: Parts): Hono<Env> {
  const { accounts } = parts;
  const api = new Hono<Env>();
  const encrypted = encryptedOnly(parts);
  const answer = <T>(c: Context<Env>, result: Proven<T>, done: (value: T) => Response) => {
    switch (result.kind) {
      case 'done':
        return done(result.value);
      case 'wrong-credentials':
        return fail(c, 'wrong-credentials', 'The password is wrong.');
      case 'wrong-second-factor':
        return fail(c, 'wrong-second-factor', 'The code is wrong, or was used already.');
      case 'too-many-attempts':
        return tooMany(c, result.retryAfterMs);
    }
  };

  api.delete('/session', async (c) => {
    await accounts.sessions.end(c.get('token'), byOf(c, parts));
    takeToken(c, parts);
    return c.body(null, 204);
  });
  api.get('/me', (c) => c.json<Me>(c.get('me')));
  api.patch('/me', async (c) => {
    const body = await readBody(c, meChange);
    if (!body.ok) return fail(c, 'invalid', body.message);
    return c.json<Me>(await accounts.changeMe(c.get('me').id, body.value));
  });
  api.put('/me/password', encrypted, async (c) => {
    const body = await readBody(c, passwordChange);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const { current, password } = body.value;
    const by = byOf(c, parts);
    const result = await accounts.signIn.changePassword(current, password, c.get('token'), by);
    return answer(c, result, () => c.body(null, 204));
  });

  api.get('/me/sessions', async (c) =>
    c.json<readonly SessionView[]>(await accounts.sessions.list(c.get('me').id, c.get('token'))),
  );
  api.delete('/me/sessions', async (c) => {
    await accounts.sessions.endOthers(c.get('me').id, c.get('token'), byOf(c, parts));
    return c.body(null, 204);
  });
  api.delete('/me/sessions/:id', async (c) =>
    (await accounts.sessions.endOne(c.get('me').id, c.req.param('id'), byOf(c, parts)))
      ? c.body(null, 204)
      : fail(c, 'not-found', 'There is no such session.'),
  );

  api.post('/me/second-factor', encrypted, async (c) => {
    const body = await readBody(c, secondFactorBegin);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const result = await accounts.signIn.beginSecondFactor(body.value.password, byOf(c, parts));
    return answer(c, result, (secret) => c.json<SecondFactorSecret>(secret));
  });
  api.put('/me/second-factor', encrypted, async (c) => {
    const body = await readBody(c, secondFactorConfirm);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const result = await accounts.signIn.confirmSecondFactor(body.value.code, byOf(c, parts));
    return answer(c, result, (codes) => c.json<RecoveryCodes>({ codes }));
  });
  api.delete('/me/second-factor', encrypted, async (c) => {
    const body = await readBody(c, secondFactorEnd);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const { password, code } = body.value;
    const result = await accounts.signIn.endSecondFactor(password, code, byOf(c, parts));
    return answer(c, result, () => c.body(null, 204));
  });
  return api;
}
