// The HTTP side: requests of the page (packages/contract), its files, and the stream of what happens now.
// Invariants: every request but sign-in and set-up needs a session; every machine passes through `seen`, which asks
// `may`; what may not be seen answers like what does not exist; requests that change something must come from this
// site's own pages. Not here: who may what (accounts/), what is stored (store/).
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getConnInfo } from '@hono/node-server/conninfo';
import { serveStatic } from '@hono/node-server/serve-static';
import {
  type ChartAnswer,
  chartRequest,
  type ErrorAnswer,
  type Journal,
  type LinkView,
  type MachineSummary,
  type MachineView,
  type Me,
  meChange,
  type RowView,
  type SetupState,
  setupRequest,
  signInRequest,
} from '@vigie/contract';
import { type MachineSchema, overridden } from '@vigie/model';
import type { Clock } from '@vigie/protocol';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import { secureHeaders } from 'hono/secure-headers';
import { stream, streamSSE } from 'hono/streaming';
import type { z } from 'zod';
import { type Accounts, SESSION_SECONDS, type SignIn } from '../accounts/accounts.ts';
import type { Live, LiveMessage } from '../live.ts';
import type { MachineRecord, Store } from '../store/store.ts';

const COOKIE = 'vigie-session';
const BEAT_MS = 15_000;
const MOST_BODY_BYTES = 64 << 10;
const MOST_JOURNAL = 200;
/** Events a slow page may be behind before its stream is ended; it comes back and asks afresh. */
const MOST_WAITING_EVENTS = 1000;

export interface AppOptions {
  readonly store: Store;
  readonly accounts: Accounts;
  readonly live: Live;
  readonly clock: Clock;
  /** Folder of the built page. */
  readonly page: string;
  /** Cookies only over HTTPS: true unless the site is served on plain HTTP by choice. */
  readonly secureCookies: boolean;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

type Env = { Variables: { me: Me } };
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

export function createApp(options: AppOptions): Hono<Env> {
  const { store, accounts, live, clock } = options;
  const app = new Hono<Env>();
  const fail = (c: Context, code: Code, message: string, retryAfterMs?: number) =>
    c.json<ErrorAnswer>(
      { error: { code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } },
      STATUS[code],
    );

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
      },
      referrerPolicy: 'same-origin',
      // Set by whoever ends TLS in front of this server.
      strictTransportSecurity: false,
    }),
  );
  app.onError((error, c) => {
    options.log('http: failed', { path: c.req.path, why: error.stack ?? String(error) });
    return fail(c, 'unavailable', 'The server could not answer. Please try again in a moment.');
  });

  // Streams of events are left as they are: each must leave at once.
  app.use(compress());
  const api = new Hono<Env>();
  api.use(csrf());
  api.use(
    bodyLimit({
      maxSize: MOST_BODY_BYTES,
      onError: (c) => fail(c, 'invalid', `The request is larger than ${MOST_BODY_BYTES} bytes.`),
    }),
  );
  api.use(async (c, next) => {
    await next();
    c.header('Cache-Control', 'no-store');
  });

  const addressOf = (c: Context): string => getConnInfo(c).remote.address ?? 'unknown';
  const answer = (c: Context, result: SignIn) => {
    switch (result.kind) {
      case 'signed-in':
        setCookie(c, COOKIE, result.token, {
          httpOnly: true,
          sameSite: 'Lax',
          secure: options.secureCookies,
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

  api.use(async (c, next) => {
    const token = getCookie(c, COOKIE);
    const me = token === undefined ? null : await accounts.session(token);
    if (me === null) return fail(c, 'signed-out', 'Please sign in.');
    c.set('me', me);
    return next();
  });
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

  /** The machine, if whoever asks may see it. */
  const seen = async (c: Context<Env>, id: string): Promise<MachineRecord | null> => {
    const machine = await store.machine(id);
    return machine !== null && (await accounts.may(c.get('me'), 'see-machine', machine.id)) ? machine : null;
  };
  const unknown = (c: Context, id: string) =>
    fail(c, 'not-found', `There is no machine ${id.slice(0, 40)} here, or you may not see it.`);

  const linkOf = async (machine: MachineRecord): Promise<LinkView> => {
    const connected = live.connected(machine.id);
    const usage = await store.monthUsage(machine.id, clock.utcMs());
    const stored = connected === null ? 0 : await store.nextSequence(machine.id, connected.spool);
    return {
      connected: connected !== null,
      lastContactMs: await live.lastContactMs(machine.id),
      connectedSinceMs: connected?.sinceMs ?? null,
      monthBlockBytes: usage.blockBytes,
      monthRows: usage.rows,
      backlogRows: connected === null ? null : Math.max(0, connected.announcedNextSequence - stored),
      bootNumber: connected?.bootNumber ?? null,
    };
  };
  /** With the names, bands and limits that were set for this machine. */
  const schemaOf = async ({ schemaHash }: MachineRecord): Promise<MachineSchema | null> =>
    schemaHash === null ? null : store.schema(schemaHash);
  const shownSchema = async (machine: MachineRecord): Promise<MachineSchema | null> => {
    const schema = await schemaOf(machine);
    return schema === null ? null : overridden(schema, machine.settings.channels);
  };
  const newest = async (machine: string) => {
    const [shown, stored] = [live.lastRow(machine), await store.lastRow(machine)];
    return shown !== null && (stored === null || shown.atMs >= stored.atMs) ? shown : stored;
  };

  api.get('/machines', async (c) => {
    const machines: MachineSummary[] = [];
    for (const machine of await store.machines()) {
      const { id, name, site, retired } = machine;
      if (retired || !(await accounts.may(c.get('me'), 'see-machine', id))) continue;
      machines.push({
        id,
        name,
        site,
        model: (await schemaOf(machine))?.names ?? null,
        lastRowMs: (await newest(id))?.atMs ?? null,
        connected: live.connected(id) !== null,
      });
    }
    return c.json({ machines, nowMs: clock.utcMs() });
  });

  api.get('/machines/:id', async (c) => {
    const machine = await seen(c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const { id, name, site, timeZone, settings } = machine;
    return c.json<MachineView>({
      id,
      name,
      site,
      timeZone,
      schema: await shownSchema(machine),
      last: await newest(id),
      intervalMs: settings.intervalMs,
      link: await linkOf(machine),
      nowMs: clock.utcMs(),
    });
  });

  api.get('/machines/:id/journal', async (c) => {
    const machine = await seen(c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const before = wholeNumber(c.req.query('before'), Number.MAX_SAFE_INTEGER);
    const count = wholeNumber(c.req.query('count'), 30);
    if (before === null || count === null || count < 1) {
      return fail(c, 'invalid', 'before and count must be whole numbers, count at least 1.');
    }
    const wanted = Math.min(count, MOST_JOURNAL);
    const entries = await store.journal(machine.id, before, wanted + 1);
    return c.json<Journal>({ entries: entries.slice(0, wanted), more: entries.length > wanted });
  });

  api.get('/chart', async (c) => {
    const query = chartRequest.safeParse(c.req.query());
    if (!query.success) return fail(c, 'invalid', sentence(query.error));
    const { machine, channels, from, to, width } = query.data;
    if (from >= to) return fail(c, 'invalid', 'from must be earlier than to.');
    if ((await seen(c, machine)) === null) return unknown(c, machine);
    const chart = await store.chart({ machine, channels, fromMs: from, toMs: to, width });
    // The boot that is connected gets its date any moment.
    const now = live.connected(machine);
    const undated = (await store.undated(machine)).filter(
      ({ spool, bootNumber, afterMs, beforeMs }) =>
        (afterMs ?? Number.NEGATIVE_INFINITY) < to &&
        (beforeMs ?? Number.POSITIVE_INFINITY) > from &&
        !(now?.spool === spool && now.bootNumber === bootNumber),
    );
    return c.json<ChartAnswer>({ ...chart, undated });
  });

  /** @param header, lines without their ends */
  const csv = (c: Context, name: string, header: string, lines: AsyncIterable<string>) => {
    c.header('Content-Type', 'text/csv; charset=utf-8');
    c.header('Content-Disposition', `attachment; filename="${name}.csv"`);
    return stream(c, async (out) => {
      let text = `${header}\n`;
      for await (const line of lines) {
        text += `${line}\n`;
        if (text.length > 64 << 10) {
          await out.write(text);
          text = '';
        }
        if (out.aborted) return;
      }
      await out.write(text);
    });
  };

  api.get('/machines/:id/rows.csv', async (c) => {
    const machine = await seen(c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const schema = await schemaOf(machine);
    const from = wholeNumber(c.req.query('from'), 0);
    const to = wholeNumber(c.req.query('to'), Number.MAX_SAFE_INTEGER);
    if (schema === null) return fail(c, 'not-found', `Machine ${machine.id} has never sent anything.`);
    if (from === null || to === null)
      return fail(c, 'invalid', 'from and to must be whole numbers of Unix ms.');
    const channels = schema.channels.map(({ id }) => id);
    const rows = store.rows({ machine: machine.id, channels, fromMs: from, toMs: to });
    return csv(
      c,
      machine.id,
      `t,${channels.join(',')}`,
      linesOf(rows, ({ atMs }) => [atMs]),
    );
  });

  // What rows.csv has no instant for. after, before: Unix ms that bound the boot; seconds: since the boot's first row.
  api.get('/machines/:id/undated.csv', async (c) => {
    const machine = await seen(c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const schema = await schemaOf(machine);
    if (schema === null) return fail(c, 'not-found', `Machine ${machine.id} has never sent anything.`);
    const channels = schema.channels.map(({ id }) => id);
    const header = `spool,boot,after,before,seconds,${channels.join(',')}`;
    const lines = linesOf(
      store.undatedRows(machine.id, channels),
      ({ boot: { spool, bootNumber, afterMs, beforeMs }, sinceFirstMs }) => [
        spool,
        bootNumber,
        afterMs,
        beforeMs,
        sinceFirstMs / 1000,
      ],
    );
    return csv(c, `${machine.id}-undated`, header, lines);
  });

  api.get('/machines/:id/live', async (c) => {
    const machine = await seen(c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const token = getCookie(c, COOKIE) ?? '';
    return streamSSE(c, async (out) => {
      const waiting: LiveMessage[] = [];
      let wake: () => void = () => undefined;
      const unwatch = live.watch(machine.id, (message) => {
        if (waiting.length < MOST_WAITING_EVENTS) waiting.push(message);
        wake();
      });
      out.onAbort(() => wake());
      const write = (event: string, data: unknown) => out.writeSSE({ event, data: JSON.stringify(data) });
      try {
        await write('beat', { nowMs: clock.utcMs() });
        while (
          !out.aborted &&
          waiting.length < MOST_WAITING_EVENTS &&
          (await accounts.session(token)) !== null
        ) {
          const message = waiting.shift();
          if (message !== undefined) {
            await write(message.event, message.event === 'link' ? await linkOf(machine) : message.data);
            continue;
          }
          const beat = await new Promise<boolean>((resolve) => {
            const timer = clock.after(BEAT_MS, () => resolve(true));
            wake = () => {
              timer.cancel();
              resolve(false);
            };
          });
          if (beat) await write('beat', { nowMs: clock.utcMs() });
        }
      } finally {
        unwatch();
      }
    });
  });
  api.all('*', (c) => fail(c, 'not-found', 'There is nothing at this address.'));
  app.route('/api', api);

  if (existsSync(options.page)) {
    app.use(
      '/assets/*',
      serveStatic({
        root: options.page,
        onFound: (_, c) => c.header('Cache-Control', 'public, max-age=31536000, immutable'),
      }),
    );
    app.get('/assets/*', (c) => c.text('Not found', 404));
    app.use(serveStatic({ root: options.page }));
  }
  // Every other address is a view of the page, which says itself when it knows none.
  app.get('*', (c) => {
    c.header('Cache-Control', 'no-cache');
    try {
      return c.html(readFileSync(join(options.page, 'index.html'), 'utf8'));
    } catch {
      return c.text('The page is not built yet: run npm run build.', 503);
    }
  });
  return app;
}

type Body<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<Body<T>> {
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

function sentence(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') || 'The request'}: ${issue?.message ?? 'does not fit'}`;
}

/** `null`: not a whole number ≥ 0. */
function wholeNumber(text: string | undefined, otherwise: number): number | null {
  if (text === undefined) return otherwise;
  return /^\d{1,16}$/.test(text) ? Number(text) : null;
}

async function* linesOf<T extends Pick<RowView, 'values'>>(
  rows: AsyncIterable<T>,
  place: (row: T) => RowView['values'],
): AsyncIterable<string> {
  for await (const row of rows) yield [...place(row), ...row.values].map(csvCell).join(',');
}

/** A text that a spreadsheet would take for a formula is given an apostrophe (OWASP, CSV injection). */
function csvCell(value: number | string | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
