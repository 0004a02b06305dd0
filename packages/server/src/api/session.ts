// Routes that need no session: signing in, the first Super Admin, links by which somebody chooses a password.
// Invariants: over plain HTTP none of them takes anything, but from this computer itself; the token of a session is only
// ever in a cookie that no script reads, that of a link only ever in a body. Not here: who may what (accounts/).
import {
  type Me,
  type SetupState,
  setupRequest,
  signInRequest,
  type Welcome,
  type WelcomeDone,
  welcomeLook,
  welcomeRequest,
} from '@vigie/contract';
import { type Context, Hono } from 'hono';
import type { SignInResult } from '../accounts/sign-in.ts';
import { encryptedOnly, fromOf, giveToken } from './client.ts';
import { fail } from './fail.ts';
import { type Env, type Parts, readBody } from './parts.ts';

export function openRoutes(
  parts: Parts & { log: (message: string, facts?: Record<string, unknown>) => void },
) {
  const { accounts, log } = parts;
  const api = new Hono<Env>();
  const encrypted = encryptedOnly(parts);
  /** What was typed is not logged: a password is sometimes typed as a name. */
  const refused = (c: Context, what: string): void =>
    log(`http: ${what}`, { address: fromOf(c, parts).address });
  const answer = (c: Context, result: SignInResult) => {
    switch (result.kind) {
      case 'signed-in':
        giveToken(c, parts, result.token);
        return c.json<Me>(result.me);
      case 'wrong-credentials':
        refused(c, 'sign-in refused');
        return fail(c, 'wrong-credentials', 'The name or the password is wrong.');
      case 'wrong-code':
        refused(c, 'set-up refused');
        return fail(
          c,
          'wrong-code',
          'The code is wrong, or it was used already. The server prints it when it starts.',
        );
      case 'second-factor':
        return fail(c, 'second-factor', 'Please give a code of your second factor too.');
      case 'wrong-second-factor':
        refused(c, 'second factor refused');
        return fail(c, 'wrong-second-factor', 'The code of the second factor is wrong, or was used already.');
      case 'too-many-attempts':
        refused(c, 'too many attempts');
        return tooMany(c, result.retryAfterMs);
    }
  };

  api.get('/setup', async (c) => c.json<SetupState>({ needed: await accounts.signIn.setupNeeded() }));
  api.post('/setup', encrypted, async (c) => {
    const body = await readBody(c, setupRequest);
    if (!body.ok) return fail(c, 'invalid', body.message);
    return answer(c, await accounts.signIn.setUp(body.value, fromOf(c, parts)));
  });
  api.post('/session', encrypted, async (c) => {
    const body = await readBody(c, signInRequest);
    if (!body.ok) return fail(c, 'invalid', body.message);
    return answer(c, await accounts.signIn.signIn(body.value, fromOf(c, parts)));
  });

  api.post('/welcome/look', encrypted, async (c) => {
    const body = await readBody(c, welcomeLook);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const looked = await accounts.links.look(body.value.token, fromOf(c, parts));
    switch (looked.kind) {
      case 'known':
        return c.json<Welcome>(looked.welcome);
      case 'link-void':
        return voidLink(c);
      case 'too-many-attempts':
        return tooMany(c, looked.retryAfterMs);
    }
  });
  api.post('/welcome', encrypted, async (c) => {
    const body = await readBody(c, welcomeRequest);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const result = await accounts.links.use(body.value.token, body.value.password, fromOf(c, parts));
    switch (result.kind) {
      case 'done':
        if (result.token !== null) giveToken(c, parts, result.token);
        return c.json<WelcomeDone>({ me: result.token === null ? null : result.me });
      case 'link-void':
        return voidLink(c);
      case 'too-many-attempts':
        return tooMany(c, result.retryAfterMs);
    }
  });
  return api;
}

export function tooMany(c: Context, retryAfterMs: number) {
  return fail(c, 'too-many-attempts', 'Too many attempts. Please wait.', retryAfterMs);
}

function voidLink(c: Context) {
  return fail(c, 'link-void', 'This link was used, replaced, or is too old. Ask for a new one.');
}
