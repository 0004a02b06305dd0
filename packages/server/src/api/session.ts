// Routes of signing in and out, of the first Super Admin, and of one's own account.
// Invariant: the token is only ever in a cookie that no script reads. Not here: who may what (accounts/).
import { getConnInfo } from '@hono/node-server/conninfo';
import { type Me, meChange, type SetupState, setupRequest, signInRequest } from '@vigie/contract';
import { type Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { SESSION_SECONDS, type SignIn } from '../accounts/accounts.ts';
import { COOKIE, type Env, fail, type Parts, readBody } from './parts.ts';

/** Routes that need no session. */
export function openRoutes({ accounts, secureCookies }: Parts): Hono<Env> {
  const api = new Hono<Env>();
  const addressOf = (c: Context): string => getConnInfo(c).remote.address ?? 'unknown';
  const answer = (c: Context, result: SignIn) => {
    switch (result.kind) {
      case 'signed-in':
        setCookie(c, COOKIE, result.token, {
          httpOnly: true,
          sameSite: 'Lax',
          secure: secureCookies,
          path: '/',
          maxAge: SESSION_SECONDS,
        });
        return c.json<Me>(result.me);
      case 'wrong-credentials':
        return fail(c, 'wrong-credentials', 'The e-mail address or the password is wrong.');
      case 'wrong-code':
        return fail(
          c,
          'wrong-code',
          'The code is wrong, or it was used already. The server prints it when it starts.',
        );
      case 'too-many-attempts':
        return fail(c, 'too-many-attempts', 'Too many attempts. Please wait.', result.retryAfterMs);
    }
  };

  api.get('/setup', async (c) => c.json<SetupState>({ needed: await accounts.setupNeeded() }));
  api.post('/setup', async (c) => {
    const body = await readBody(c, setupRequest);
    if (!body.ok) return fail(c, 'invalid', body.message);
    return answer(c, await accounts.setUp(body.value, addressOf(c)));
  });
  api.post('/session', async (c) => {
    const body = await readBody(c, signInRequest);
    if (!body.ok) return fail(c, 'invalid', body.message);
    return answer(c, await accounts.signIn(body.value.user, body.value.password, addressOf(c)));
  });

  return api;
}

/** Routes of whoever is signed in. */
export function meRoutes({ accounts }: Parts): Hono<Env> {
  const api = new Hono<Env>();
  api.delete('/session', async (c) => {
    await accounts.signOut(getCookie(c, COOKIE) ?? '');
    deleteCookie(c, COOKIE, { path: '/' });
    return c.body(null, 204);
  });
  api.get('/me', (c) => c.json<Me>(c.get('me')));
  api.patch('/me', async (c) => {
    const body = await readBody(c, meChange);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const me = c.get('me');
    if (body.value.language !== undefined) await accounts.setLanguage(me.id, body.value.language);
    return c.json<Me>({ ...me, ...body.value, language: body.value.language ?? me.language });
  });

  return api;
}
