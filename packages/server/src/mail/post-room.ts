// Makes a message of a letter at the moment it is sent: its reader as they are now, machines and channels by their names, the
// day's picture from the store. Invariant: what a reader may not see any more is left out, and a letter of which nothing
// remains is dropped. Not here: words (render/compose.ts), the way it goes (smtp.ts).
import type { MailReader, NotificationWishes } from '../accounts/notifications.ts';
import type { AlarmFacts } from '../alarms/event.ts';
import { shownSchema } from '../shown-schema.ts';
import type { Store } from '../store/store.ts';
import type { Carrier, Handed } from './courier.ts';
import type { Letter } from './letter.ts';
import { CHART_BUCKETS, type ChartFacts, chartSvg } from './render/chart-svg.ts';
import { compose, type MailMachine } from './render/compose.ts';
import { htmlOf, textOf } from './render/document.ts';
import { pngOf } from './render/picture.ts';
import type { Message } from './smtp.ts';

const DAY_MS = 86_400_000;
const AROUND_MS = 3_600_000;

export interface PostRoomOptions {
  readonly store: Pick<Store, 'machine' | 'schema' | 'chart'>;
  readonly wishes: NotificationWishes;
  readonly publicUrl: string;
  readonly utcMs: () => number;
  readonly send: (message: Message) => Promise<Handed>;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

export function postRoom(options: PostRoomOptions): Carrier {
  const { wishes, publicUrl, utcMs, send, log } = options;
  return async ({ id, account, content }) => {
    const reader = account === null ? null : await wishes.reader(account);
    if (reader === null) return { kind: 'dropped', why: 'the account is disabled or deleted' };
    const letter = seenBy(content as Letter, reader);
    if (letter === null)
      return { kind: 'dropped', why: 'the machines are not linked to the account any more' };
    const machines = await machinesIn(letter, options);
    // A mail without its picture is better than none.
    const picture = await pictureOf(letter, reader, machines, options).catch((error: unknown) => {
      log('mail: a picture could not be made', { id, why: String(error) });
      return null;
    });
    const { name, language, zone, email } = reader;
    const document = compose(letter, {
      ...{ reader: { name, language, zone }, publicUrl, nowMs: utcMs(), machines },
      hasPicture: picture !== null,
    });
    return send({
      ...{ id, to: { name, address: email }, subject: document.subject, picture },
      ...{ text: textOf(document), html: htmlOf(document) },
      follows: letter.kind === 'alarms' ? letter.follows : null,
    });
  };
}

function seenBy(letter: Letter, { machines }: MailReader): Letter | null {
  if (letter.kind !== 'alarms' || machines === null) return letter;
  const told = letter.told.filter(({ facts }) => machines.has(facts.machine));
  return told.length === 0 ? null : { ...letter, told };
}

async function machinesIn(
  letter: Letter,
  { store }: PostRoomOptions,
): Promise<ReadonlyMap<string, MailMachine>> {
  const ids = letter.kind === 'alarms' ? new Set(letter.told.map(({ facts }) => facts.machine)) : [];
  const found = new Map<string, MailMachine>();
  for (const id of ids) {
    const machine = await store.machine(id);
    if (machine === null) continue;
    const { name, site, timeZone } = machine;
    found.set(id, { name, site, timeZone, schema: await shownSchema({ store }, machine) });
  }
  return found;
}

/** Of a mail about one alarm of a channel; `null`: of any other. */
async function pictureOf(
  letter: Letter,
  reader: MailReader,
  machines: ReadonlyMap<string, MailMachine>,
  { store, utcMs }: PostRoomOptions,
): Promise<Uint8Array | null> {
  const facts = onlyOne(letter);
  if (facts === null) return null;
  const machine = machines.get(facts.machine);
  const channel = machine?.schema?.channels.find(({ id }) => id === facts.channel);
  if (machine === undefined || channel === undefined || channel.kind === 'text') return null;
  const { fromMs, toMs } = dayOf(facts, utcMs());
  const answer = await store.chart({
    ...{ machine: facts.machine, channels: [channel.id], fromMs, toMs, width: CHART_BUCKETS },
  });
  const { startMs, bucketMs, gaps } = answer;
  const series = answer.series.find(({ channel: id }) => id === channel.id) ?? null;
  const chart: ChartFacts = {
    ...{ title: channel.names[reader.language], unit: channel.unit, decimals: channel.decimals },
    ...{ limits: channel.limits, fromMs, toMs, startMs, bucketMs, gaps },
    series: series === null || series.bucket.length === 0 ? null : series,
    alarm: { fromMs: facts.happenedMs, toMs: facts.overMs, severity: facts.severity },
    ...{ zone: reader.zone ?? machine.timeZone, language: reader.language },
  };
  return pngOf(chartSvg(chart));
}

function onlyOne(letter: Letter): AlarmFacts | null {
  return letter.kind === 'alarms' && letter.told.length === 1 ? (letter.told[0]?.facts ?? null) : null;
}

/** The last 24 hours; of a mail that had to wait, or of late rows, those around what it tells. */
function dayOf(
  { happenedMs, overMs }: AlarmFacts,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  const lastMs = overMs ?? happenedMs;
  const toMs = nowMs - lastMs < DAY_MS - AROUND_MS ? nowMs : lastMs + AROUND_MS;
  return { fromMs: toMs - DAY_MS, toMs };
}
