// Routes of mail: what one wishes to be told, a test, how mail does, and acknowledging by the link of a mail.
// Invariants: looking at a link changes nothing and opens no session; a link's token is only ever in a body.
import {
  type AcknowledgeView,
  acknowledgeLink,
  type MailStatus,
  type Notifications,
  type NotificationsView,
  notifications,
} from '@vigie/contract';
import { type Context, Hono } from 'hono';
import { may } from '../accounts/rights.ts';
import { encryptedOnly, fromOf } from './client.ts';
import { fail } from './fail.ts';
import { type Env, type Parts, readBody, shownSchema } from './parts.ts';
import { tooMany } from './session.ts';

export function notificationRoutes(parts: Parts): Hono<Env> {
  const { accounts, post } = parts;
  const api = new Hono<Env>();
  const view = (wishes: Notifications): NotificationsView => ({ notifications: wishes, mails: post.mails });

  api.get('/me/notifications', async (c) => c.json(view(await accounts.notifications.of(c.get('me').id))));
  api.put('/me/notifications', async (c) => {
    const body = await readBody(c, notifications);
    if (!body.ok) return fail(c, 'invalid', body.message);
    await accounts.notifications.set(c.get('me').id, body.value);
    return c.json(view(body.value));
  });
  api.post('/me/notifications/test', async (c) => {
    const wait = accounts.attempt(`test mail ${c.get('me').id}`);
    if (wait > 0) return tooMany(c, wait);
    return (await post.sendTest(c.get('me').id))
      ? c.body(null, 204)
      : fail(
          c,
          'not-found',
          'This server is not set up to send mail: it needs --smtp, --mail-from and --public-url.',
        );
  });
  api.get('/manage/mail', async (c) =>
    may(c.get('actor'), 'manage', null)
      ? c.json<MailStatus>(await post.status())
      : fail(c, 'forbidden', 'Only an Admin or a Super Admin sees how mail does.'),
  );
  return api;
}

/** That need no session. */
export function acknowledgeRoutes(parts: Parts): Hono<Env> {
  const { accounts, post, store, live } = parts;
  const api = new Hono<Env>();
  const encrypted = encryptedOnly(parts);

  const answer = async (c: Context<Env>, acknowledges: boolean) => {
    const body = await readBody(c, acknowledgeLink);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const key = `acknowledge ${fromOf(c, parts).address}`;
    const wait = accounts.attempt(key);
    if (wait > 0) return tooMany(c, wait);
    const link = await post.acknowledgeLink(body.value.token);
    if (link === null)
      return fail(c, 'link-void', 'This link is too old, or its alarms are not yours any more.');
    accounts.forgive(key);
    const alarms: AcknowledgeView['alarms'][number][] = [];
    for (const { machine, alarm } of link.alarms) {
      if (acknowledges && (await store.acknowledgeAlarm(machine, alarm, link.name, '')) === 'done') {
        live.alarmed(machine);
      }
      const [record, found] = [await store.alarm(machine, alarm), await store.machine(machine)];
      if (record === null || found === null) continue;
      const schema = await shownSchema(parts, found);
      const channel = schema?.channels.find(({ id }) => id === record.channel);
      alarms.push({
        ...{ machine, machineName: found.name, alarm, timeZone: found.timeZone },
        names: channel?.names ?? null,
        happenedMs: record.happened_ms,
        acknowledgedBy: record.acknowledged_by,
      });
    }
    return c.json<AcknowledgeView>({ name: link.name, alarms });
  };
  api.post('/acknowledge/look', encrypted, (c) => answer(c, false));
  api.post('/acknowledge', encrypted, (c) => answer(c, true));
  return api;
}
