// Routes of the telemetry: a chart reduced to the page's pixels, and the rows themselves as CSV.
import { type ChartAnswer, chartRequest, type RowView } from '@vigie/contract';
import { type Context, Hono } from 'hono';
import { stream } from 'hono/streaming';
import { fail } from './fail.ts';
import { type Env, type Parts, schemaOf, seen, sentence, unknown, wholeNumber } from './parts.ts';

export function chartRoutes(parts: Parts): Hono<Env> {
  const { store, live, accounts } = parts;
  const api = new Hono<Env>();
  api.get('/chart', async (c) => {
    const query = chartRequest.safeParse(c.req.query());
    if (!query.success) return fail(c, 'invalid', sentence(query.error));
    const { machine, channels, from, to, width } = query.data;
    if (from >= to) return fail(c, 'invalid', 'from must be earlier than to.');
    if ((await seen(parts, c, machine)) === null) return unknown(c, machine);
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
  const csv = (c: Context<Env>, name: string, header: string, lines: AsyncIterable<string>) => {
    c.header('Content-Type', 'text/csv; charset=utf-8');
    c.header('Content-Disposition', `attachment; filename="${name}.csv"`);
    return stream(c, async (out) => {
      let ended = false;
      const unguard = accounts.watch.watch(c.get('token'), () => {
        ended = true;
      });
      try {
        let text = `${header}\n`;
        for await (const line of lines) {
          text += `${line}\n`;
          if (text.length > 64 << 10) {
            await out.write(text);
            text = '';
          }
          if (out.aborted) return;
          // Cut off rather than ended, so that nobody takes a part for the whole.
          if (ended) throw new Error('the session ended within an export');
        }
        await out.write(text);
      } finally {
        unguard();
      }
    });
  };

  api.get('/machines/:id/rows.csv', async (c) => {
    const machine = await seen(parts, c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const schema = await schemaOf(parts, machine);
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
    const machine = await seen(parts, c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const schema = await schemaOf(parts, machine);
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

  return api;
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
