// The HTTP side: requests of the page (packages/contract), its files, and the stream of what happens now.
// Invariants: every request but sign-in and set-up needs a session; every machine passes through `seen`, which asks
// `may` (accounts/rights.ts); what may not be seen answers like what does not exist; requests that change something must come from this
// site's own pages. Not here: who may what (accounts/), what is stored (store/).
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { alarmRoutes } from './alarms.ts';
import { auditRoutes } from './audit.ts';
import { chartRoutes } from './chart.ts';
import { sameSiteOnly, tokenOf } from './client.ts';
import { compressData } from './compress-data.ts';
import { edgePackageRoutes } from './edge-package.ts';
import { fail } from './fail.ts';
import { fleetRoutes } from './fleet.ts';
import { machineRoutes } from './machines.ts';
import { manageRoutes } from './manage.ts';
import { noteRoutes } from './notes.ts';
import { acknowledgeRoutes, notificationRoutes } from './notifications.ts';
import { pageRoutes } from './page.ts';
import type { Env, Parts } from './parts.ts';
import { profileRoutes } from './profile.ts';
import { protect } from './protect.ts';
import { openRoutes } from './session.ts';
import { userRoutes } from './users.ts';

const MOST_BODY_BYTES = 64 << 10;

export interface AppOptions extends Parts {
  /** Folder of the built page. */
  readonly page: string;
  /** Folder of the agent's packages, and the script that installs one. */
  readonly edgePackages: string;
  readonly installScript: string;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

export function createApp(options: AppOptions): Hono<Env> {
  const { accounts } = options;
  const app = new Hono<Env>();

  app.use(protect(options));
  app.onError((error, c) => {
    options.log('http: failed', { path: c.req.path, why: error.stack ?? String(error) });
    return fail(c, 'unavailable', 'The server could not answer. Please try again in a moment.');
  });

  // Streams of events are left as they are: each must leave at once.
  app.use(compress());
  app.use('/api/*', compressData);
  const api = new Hono<Env>();
  api.use(sameSiteOnly);
  api.use(
    bodyLimit({
      maxSize: MOST_BODY_BYTES,
      onError: (c) => fail(c, 'invalid', `The request is larger than ${MOST_BODY_BYTES} bytes.`),
    }),
  );
  api.use(async (c, next) => {
    await next();
    // Not by `c.header`, which would make another answer of it and read its body anew.
    c.res.headers.set('Cache-Control', 'no-store');
  });
  api.use((c, next) => {
    // Whoever reads the first and whoever reads the last would not speak of the same thing.
    const twice = Object.entries(c.req.queries()).find(([, values]) => values.length > 1);
    if (twice === undefined) return next();
    return Promise.resolve(fail(c, 'invalid', `${twice[0].slice(0, 40)} stands twice in the address.`));
  });

  api.route('/', openRoutes(options));
  api.route('/', acknowledgeRoutes(options));

  api.use(async (c, next) => {
    const token = tokenOf(c, options);
    const signed = token === null ? null : await accounts.sessions.find(token);
    if (token === null || signed === null) return fail(c, 'signed-out', 'Please sign in.');
    c.set('me', signed.me);
    c.set('actor', signed.actor);
    c.set('token', token);
    return next();
  });
  for (const routes of [
    profileRoutes,
    fleetRoutes,
    machineRoutes,
    chartRoutes,
    noteRoutes,
    alarmRoutes,
    userRoutes,
    manageRoutes,
    auditRoutes,
    notificationRoutes,
  ]) {
    api.route('/', routes(options));
  }
  api.all('*', (c) => fail(c, 'not-found', 'There is nothing at this address.'));
  app.route('/api', api);
  app.route('/edge', edgePackageRoutes(options.edgePackages, options.installScript));

  app.route('/', pageRoutes(options.page));
  return app;
}
