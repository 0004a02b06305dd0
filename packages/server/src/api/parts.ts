// What every group of routes is given, and how each answers: the machine that whoever asks may see, refusals with a code,
// the body of a request checked. Invariant: what may not be seen answers like what does not exist.
import type { ErrorAnswer, Me } from '@vigie/contract';
import { type MachineSchema, overridden } from '@vigie/model';
import type { Clock } from '@vigie/protocol';
import type { Context } from 'hono';
import type { z } from 'zod';
import type { Accounts } from '../accounts/accounts.ts';
import type { Live } from '../live.ts';
import type { MachineRecord, Store } from '../store/store.ts';

export interface Parts {
  readonly store: Store;
  readonly accounts: Accounts;
  readonly live: Live;
  readonly clock: Clock;
  /** Cookies only over HTTPS: true unless the site is served on plain HTTP by choice. */
  readonly secureCookies: boolean;
}

export type Env = { Variables: { me: Me } };
export const COOKIE = 'vigie-session';

type Code = ErrorAnswer['error']['code'];
const STATUS = {
  'signed-out': 401,
  'wrong-credentials': 401,
  'wrong-code': 401,
  'too-many-attempts': 429,
  forbidden: 403,
  'not-found': 404,
  invalid: 400,
  insecure: 400,
  unavailable: 503,
} as const satisfies Record<Code, number>;

export function fail(c: Context, code: Code, message: string, retryAfterMs?: number) {
  return c.json<ErrorAnswer>(
    { error: { code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } },
    STATUS[code],
  );
}

/** The machine, if whoever asks may see it. */
export async function seen(
  { store, accounts }: Parts,
  c: Context<Env>,
  id: string,
): Promise<MachineRecord | null> {
  const machine = await store.machine(id);
  return machine !== null && (await accounts.may(c.get('me'), 'see-machine', machine.id)) ? machine : null;
}

export function unknown(c: Context, id: string) {
  return fail(c, 'not-found', `There is no machine ${id.slice(0, 40)} here, or you may not see it.`);
}

/** As the edge sent it. */
export async function schemaOf(
  { store }: Parts,
  { schemaHash }: MachineRecord,
): Promise<MachineSchema | null> {
  return schemaHash === null ? null : store.schema(schemaHash);
}

/** With the names, bands and limits that were set for this machine. */
export async function shownSchema(parts: Parts, machine: MachineRecord): Promise<MachineSchema | null> {
  const schema = await schemaOf(parts, machine);
  return schema === null ? null : overridden(schema, machine.settings.channels);
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
