// What every group of routes is given, and how each answers: the machine that whoever asks may see, the body of a request checked. Invariant: what may not be seen answers like what does not exist.
import type { Me } from '@vigie/contract';
import type { Clock } from '@vigie/protocol';
import type { Context } from 'hono';
import type { z } from 'zod';
import type { By } from '../accounts/account.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { type Actor, may } from '../accounts/rights.ts';
import type { MadeCode } from '../gateway/enrolment-code.ts';
import type { Live } from '../live.ts';
import type { PostOffice } from '../mail/post-office.ts';
import type { MachineRecord, Store } from '../store/store.ts';
import { addressOf, type Way } from './client.ts';
import { fail } from './fail.ts';

export { schemaOf, shownSchema } from '../shown-schema.ts';

/** What requests ask of mail. */
export type Post = Pick<PostOffice, 'mails' | 'mailLink' | 'sendTest' | 'status' | 'acknowledgeLink'>;

export interface Parts extends Way {
  readonly store: Store;
  readonly accounts: Accounts;
  readonly live: Live;
  readonly clock: Clock;
  /** Port that edges dial. */
  readonly linkPort: number;
  readonly makeCode: (machine: string) => Promise<MadeCode>;
  readonly post: Post;
}

/** Of a request that is signed in. */
export type Env = { Variables: { me: Me; actor: Actor; token: string } };

/** For the audit. */
export function byOf(c: Context<Env>, parts: Parts): By {
  return { actor: c.get('actor'), name: c.get('me').name, address: addressOf(c, parts) };
}

/** The one filter of telemetry: the machine, if whoever asks may see it. */
export async function seen({ store }: Parts, c: Context<Env>, id: string): Promise<MachineRecord | null> {
  return may(c.get('actor'), 'see-machine', id) ? store.machine(id) : null;
}

export function unknown(c: Context, id: string) {
  return fail(c, 'not-found', `There is no machine ${id.slice(0, 40)} here, or you may not see it.`);
}

type Body<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

export async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<Body<T>> {
  // Without this header a form of another site could send the request without asking first.
  if (!(c.req.header('content-type') ?? '').startsWith('application/json')) {
    return { ok: false, message: 'The request must be application/json.' };
  }
  let value: unknown;
  try {
    value = await c.req.json();
  } catch {
    return { ok: false, message: 'The request is not JSON.' };
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, message: sentence(parsed.error) };
}

export function sentence(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') || 'The request'}: ${issue?.message ?? 'does not fit'}`;
}

/** `null`: not a whole number ≥ 0. */
export function wholeNumber(text: string | undefined, otherwise: number): number | null {
  if (text === undefined) return otherwise;
  return /^\d{1,16}$/.test(text) ? Number(text) : null;
}
