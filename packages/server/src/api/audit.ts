// The route of the audit: who did what to whom, when, from where, as far as whoever asks may know.
import type { Audit } from '@vigie/contract';
import { Hono } from 'hono';
import { may } from '../accounts/rights.ts';
import { fail } from './fail.ts';
import { type Env, type Parts, wholeNumber } from './parts.ts';

const MOST_ENTRIES = 200;

export function auditRoutes({ accounts }: Parts): Hono<Env> {
  const api = new Hono<Env>();
  api.get('/audit', async (c) => {
    if (!may(c.get('actor'), 'manage', null)) {
      return fail(c, 'forbidden', 'Only an Admin or a Super Admin reads the audit.');
    }
    const before = wholeNumber(c.req.query('before'), Number.MAX_SAFE_INTEGER);
    const count = wholeNumber(c.req.query('count'), 50);
    if (before === null || count === null || count < 1) {
      return fail(c, 'invalid', 'before and count must be whole numbers, count at least 1.');
    }
    const wanted = Math.min(count, MOST_ENTRIES);
    const entries = await accounts.audit.read(c.get('actor'), before, wanted + 1);
    return c.json<Audit>({ entries: entries.slice(0, wanted), more: entries.length > wanted });
  });
  return api;
}
