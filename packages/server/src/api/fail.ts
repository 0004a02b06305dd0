// The one way to refuse: a code that programs go by, a sentence for people, and the HTTP status of the code.
import type { ErrorAnswer } from '@vigie/contract';
import type { Context } from 'hono';

type Code = ErrorAnswer['error']['code'];
const STATUS = {
  'signed-out': 401,
  'wrong-credentials': 401,
  'wrong-code': 401,
  'second-factor': 401,
  'wrong-second-factor': 401,
  'link-void': 410,
  'too-many-attempts': 429,
  forbidden: 403,
  'not-found': 404,
  invalid: 400,
  changed: 409,
  taken: 409,
  insecure: 400,
  unavailable: 503,
} as const satisfies Record<Code, number>;

export function fail(c: Context, code: Code, message: string, retryAfterMs?: number) {
  return c.json<ErrorAnswer>(
    { error: { code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } },
    STATUS[code],
  );
}
