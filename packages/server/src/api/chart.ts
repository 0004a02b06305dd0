// Routes of the telemetry: a chart reduced to the page's pixels, and the rows themselves as CSV.
import {
  type Channel,
  chartRequest,
  type Language,
  type RowView,
  rowsRequest,
  type SentChart,
} from '@vigie/contract';
import { csvLine, csvStart, csvTitle } from '@vigie/contract/csv';
import { sentChart } from '@vigie/contract/sent-chart';
import { isoWriter } from '@vigie/model/zone';
import { type Context, Hono } from 'hono';
import type { UndatedRow } from '../store/store.ts';
import { fail } from './fail.ts';
import { type Env, type Parts, schemaOf, seen, sentence, shownSchema, unknown } from './parts.ts';

/** Of text that is sent at once, in characters. */
const PIECE = 64 << 10;

export function chartRoutes(parts: Parts): Hono<Env> {
  const { store, live, accounts } = parts;
  const api = new Hono<Env>();
  api.get('/chart', async (c) => {
    const query = chartRequest.safeParse(c.req.query());
    if (!query.success) return fail(c, 'invalid', sentence(query.error));
    const { machine, channels, from, to, width, detail } = query.data;
    if (from >= to) return fail(c, 'invalid', 'from must be earlier than to.');
    const record = await seen(parts, c, machine);
    if (record === null) return unknown(c, machine);
    const chart = await store.chart({ machine, channels, fromMs: from, toMs: to, width });
    // The boot that is connected gets its date any moment.
    const now = live.connected(machine);
    const undated = (await store.undated(machine)).filter(
      ({ spool, bootNumber, afterMs, beforeMs }) =>
        (afterMs ?? Number.NEGATIVE_INFINITY) < to &&
        (beforeMs ?? Number.POSITIVE_INFINITY) > from &&
        !(now?.spool === spool && now.bootNumber === bootNumber),
    );
    const none = { first: [], minAt: [], maxAt: [], count: [] };
    const schema = detail === 'all' ? null : await schemaOf(parts, record);
    const hasStates = (id: string) => schema?.channels.find((one) => one.id === id)?.states !== null;
    const series =
      detail === 'all'
        ? chart.series
        : chart.series.map((one) => ({ ...one, ...none, last: hasStates(one.channel) ? one.last : [] }));
    return c.json<SentChart>(sentChart({ ...chart, series, undated }));
  });

  /** @param lines without their ends, the header first */
  const csv = (c: Context<Env>, name: string, lines: AsyncIterable<string>) => {
    c.header('Content-Type', 'text/csv; charset=utf-8');
    c.header('Content-Disposition', `attachment; filename="${name}.csv"`);
    return c.body(ReadableStream.from(pieces(c.get('token'), lines)));
  };
  async function* pieces(
    token: string,
    lines: AsyncIterable<string>,
  ): AsyncIterable<Uint8Array<ArrayBuffer>> {
    const utf8 = new TextEncoder();
    let ended = false;
    const unguard = accounts.watch.watch(token, () => {
      ended = true;
    });
    try {
      let text = '';
      for await (const line of lines) {
        text += `${line}\n`;
        if (text.length > PIECE) {
          yield utf8.encode(text);
          text = '';
        }
        // Breaks the connection rather than ending the answer, so that nobody takes a part for the whole.
        if (ended) throw new Error('the session ended within an export');
      }
      yield utf8.encode(text);
    } finally {
      unguard();
    }
  }

  api.get('/machines/:id/rows.csv', async (c) => {
    const machine = await seen(parts, c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const query = rowsRequest.safeParse(c.req.query());
    if (!query.success) return fail(c, 'invalid', sentence(query.error));
    const schema = await shownSchema(parts, machine);
    if (schema === null) return fail(c, 'not-found', `Machine ${machine.id} has never sent anything.`);
    const { from = 0, to = Number.MAX_SAFE_INTEGER, language = null } = query.data;
    const wanted = query.data.channels ?? schema.channels.map(({ id }) => id);
    const channels = wanted.flatMap((id) => schema.channels.find((channel) => channel.id === id) ?? []);
    if (channels.length < wanted.length) {
      const ids = new Set(channels.map(({ id }) => id));
      const missing = wanted.find((id) => !ids.has(id)) ?? '';
      return fail(c, 'invalid', `channels: machine ${machine.id} has no channel ${missing}.`);
    }
    const rows = store.rows({ machine: machine.id, channels: wanted, fromMs: from, toMs: to });
    return csv(c, machine.id, rowLines(rows, channels, language, machine.timeZone));
  });

  // What rows.csv has no instant for. after, before: Unix ms that bound the boot; seconds: since the boot's first row.
  api.get('/machines/:id/undated.csv', async (c) => {
    const machine = await seen(parts, c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const schema = await schemaOf(parts, machine);
    if (schema === null) return fail(c, 'not-found', `Machine ${machine.id} has never sent anything.`);
    const channels = schema.channels.map(({ id }) => id);
    const rows = store.undatedRows(machine.id, channels);
    return csv(c, `${machine.id}-undated`, undatedLines(rows, channels));
  });

  return api;
}

async function* rowLines(
  rows: AsyncIterable<RowView>,
  channels: readonly Channel[],
  language: Language | null,
  zone: string,
): AsyncIterable<string> {
  const titles = channels.map(({ id, names, unit }) =>
    language === null ? id : csvTitle(names[language], unit),
  );
  const iso = isoWriter(zone);
  const time = { fr: 'Heure', en: 'Time' };
  yield csvStart(language) + csvLine([language === null ? 't' : time[language], ...titles], language);
  for await (const { atMs, values } of rows) {
    yield csvLine([language === null ? atMs : iso(atMs), ...values], language);
  }
}

async function* undatedLines(
  rows: AsyncIterable<UndatedRow>,
  channels: readonly string[],
): AsyncIterable<string> {
  yield csvLine(['spool', 'boot', 'after', 'before', 'seconds', ...channels], null);
  for await (const { boot, sinceFirstMs, values } of rows) {
    const place = [boot.spool, boot.bootNumber, boot.afterMs, boot.beforeMs, sinceFirstMs / 1000];
    yield csvLine([...place, ...values], null);
  }
}
