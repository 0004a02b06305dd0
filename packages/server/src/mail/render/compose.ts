// A letter in the words of its reader: subject, sentence, facts, buttons, why it came. Pure.
// Invariants: instants are of one zone, which is named; what is not known shortens a sentence and never breaks it.
// Not here: HTML and text (document.ts), the picture (chart-svg.ts), where facts come from (post-room.ts).
import type { AlarmKind, Channel, Language, MachineSchema } from '@vigie/contract';
import { formatNumber, formatSpanExact, formatWhen, withUnit, zoneName } from '@vigie/contract/format';
import type { AlarmFacts } from '../../alarms/event.ts';
import type { AlarmLetter, Letter, Told } from '../letter.ts';
import { acknowledgeUrl, alarmsUrl, alarmUrl, profileUrl, welcomeUrl } from './addresses.ts';
import type { MailDocument, MailSection } from './document.ts';
import { mailWords, type Words } from './words.ts';

export interface MailMachine {
  readonly name: string;
  readonly site: string;
  readonly timeZone: string;
  /** With the machine's own names and limits; `null`: it never sent one. */
  readonly schema: MachineSchema | null;
}

export interface MailContext {
  readonly reader: {
    readonly name: string;
    readonly language: Language;
    /** `null`: times are those of the machine's site. */
    readonly zone: string | null;
  };
  readonly publicUrl: string;
  readonly nowMs: number;
  /** By id; one that is gone is called by its id. */
  readonly machines: ReadonlyMap<string, MailMachine>;
  readonly hasPicture: boolean;
}

/** Items of a section; further ones are counted. */
const MOST_ITEMS = 20;
const MOST_NAMES = 3;

export function compose(letter: Letter, context: MailContext): MailDocument {
  const { reader, publicUrl, nowMs } = context;
  const w = mailWords[reader.language];
  const plain: MailDocument = {
    ...{ language: reader.language, over: '', tone: 'plain', paragraphs: [], pictureText: null },
    ...{ sections: [], hints: [], foot: [], footLink: null, subject: '', heading: '', buttons: [] },
  };
  switch (letter.kind) {
    case 'alarms':
      return letter.told.length === 1 ? single(letter, context, w) : digest(letter, context, w);
    case 'invitation':
    case 'reset': {
      const zone = reader.zone ?? 'UTC';
      const until = formatWhen(letter.expiresMs, nowMs, zone, reader.language);
      return {
        ...plain,
        subject: letter.kind === 'invitation' ? w.invitationSubject : w.resetSubject,
        heading: w.greeting(reader.name),
        paragraphs: [letter.kind === 'invitation' ? w.invitation : w.reset],
        buttons: [{ word: w.choose, href: welcomeUrl(publicUrl, letter.token) }],
        hints: [
          `${w.validUntil(`${until}, ${zoneName(zone, letter.expiresMs, reader.language)}`)} ${w.onlyOnce}`,
        ],
        foot: [w.whyAccount],
      };
    }
    case 'test':
      return {
        ...plain,
        subject: w.testSubject,
        heading: w.greeting(reader.name),
        paragraphs: [w.test],
        buttons: [{ word: w.openSite, href: publicUrl }],
        footLink: { word: w.change, href: profileUrl(publicUrl) },
      };
  }
}

/** One occurrence, with its names, numbers and instants in words. */
class Phrases {
  readonly facts: AlarmFacts;
  readonly machine: string;
  readonly place: string;
  readonly channel: Channel | null;
  readonly #told: Told;
  readonly #zone: string;
  readonly #context: MailContext;
  readonly #w: Words;

  constructor(told: Told, zone: string, context: MailContext, w: Words) {
    const machine = context.machines.get(told.facts.machine);
    this.facts = told.facts;
    this.machine = machine?.name ?? told.facts.machine;
    this.place =
      machine === undefined || machine.site === '' ? this.machine : `${this.machine} · ${machine.site}`;
    this.channel = machine?.schema?.channels.find(({ id }) => id === told.facts.channel) ?? null;
    this.#told = told;
    this.#zone = zone;
    this.#context = context;
    this.#w = w;
  }

  get of(): string | null {
    return this.channel?.names[this.#context.reader.language] ?? this.facts.channel;
  }

  reading(value: number | null): string | null {
    if (value === null) return null;
    const { channel } = this;
    const decimals = channel?.decimals ?? null;
    return withUnit(formatNumber(value, decimals, this.#context.reader.language), channel?.unit ?? '');
  }

  when(atMs: number): string {
    return formatWhen(atMs, this.#context.nowMs, this.#zone, this.#context.reader.language);
  }

  get span(): string {
    const { happenedMs, overMs } = this.facts;
    return formatSpanExact((overMs ?? this.#context.nowMs) - happenedMs, this.#context.reader.language);
  }

  /** "pressure 68 mbar > 60", "silent", "pressure: sensor stuck". */
  get short(): string {
    const { kind, value, limit } = this.facts;
    const sign = SIGNS[kind];
    const { of } = this;
    if (sign !== undefined && value !== null && limit !== null && of !== null) {
      const bound = formatNumber(limit, this.channel?.decimals ?? null, this.#context.reader.language);
      return `${of} ${this.reading(value)} ${sign} ${bound}`;
    }
    return of === null ? this.#w.subjectOf[kind] : `${of}, ${this.#w.subjectOf[kind]}`;
  }

  get sentence(): string {
    const { kind, value, limit, overMs } = this.facts;
    return this.#w.sentence(kind, {
      of: this.of ?? this.machine,
      value: this.reading(value),
      limit: this.reading(limit),
      past: overMs !== null,
    });
  }

  get time(): string {
    const { happenedMs, overMs } = this.facts;
    return overMs === null
      ? this.#w.since(this.when(happenedMs))
      : this.#w.rungFromTo(this.when(happenedMs), this.when(overMs), this.span);
  }

  /** What there is to say beyond sentence and time. */
  get more(): readonly string[] {
    const { kind, peak, peakMs, crossings, cause } = this.facts;
    const isHigh = kind === 'alarm-high' || kind === 'warning-high';
    const isLow = kind === 'alarm-low' || kind === 'warning-low';
    const highest = this.reading(peak);
    const tells = this.#told.phase !== 'rung' && highest !== null && peakMs !== null;
    const { acknowledgedBy, isEscalated } = this.#told;
    return [
      ...(isEscalated ? [this.#w.escalated] : []),
      ...(tells && isHigh ? [this.#w.peak(highest, this.when(peakMs))] : []),
      ...(tells && isLow ? [this.#w.peakLow(highest, this.when(peakMs))] : []),
      ...(crossings > 1 ? [this.#w.times(crossings)] : []),
      ...(cause === null ? [] : [this.#w.cause[cause]]),
      ...(acknowledgedBy === null ? [] : [this.#w.acknowledgedBy(acknowledgedBy)]),
    ];
  }
}

const SIGNS: Readonly<Partial<Record<AlarmKind, string>>> = {
  'alarm-low': '<',
  'warning-low': '<',
  'alarm-high': '>',
  'warning-high': '>',
};

/** On the page's list of what rings or waits for somebody. */
function isOpen({ facts, acknowledgedBy }: Told): boolean {
  return facts.overMs === null || acknowledgedBy === null;
}

function zoneOf({ told }: AlarmLetter, { reader, machines }: MailContext): string {
  return reader.zone ?? machines.get(told[0]?.facts.machine ?? '')?.timeZone ?? 'UTC';
}

function single(letter: AlarmLetter, context: MailContext, w: Words): MailDocument {
  const { publicUrl, reader } = context;
  const [told] = letter.told;
  if (told === undefined) throw new Error('a letter about no alarm');
  const zone = zoneOf(letter, context);
  const one = new Phrases(told, zone, context, w);
  const { facts, machine, short } = one;
  const rings = told.phase === 'rung';
  const at = one.when(facts.happenedMs);
  const until = facts.overMs === null ? '' : ` → ${one.when(facts.overMs)}`;
  const sentence = `${one.sentence}, ${one.time}.`;
  const subject =
    told.phase === 'over'
      ? `[${w.tagOver}] ${machine} · ${one.of ?? w.subjectOf[facts.kind]} · ${at}${until}`
      : `[${told.isLate ? w.tagLate : w.tag(facts.severity, told.isEscalated)}] ${machine} · ${short} · ${at}${until}`;
  return {
    ...{ language: reader.language, subject, over: one.place, heading: sentence },
    tone: rings ? facts.severity : 'plain',
    paragraphs: [
      ...(told.isLate ? [w.late(machine)] : []),
      ...(told.phase === 'over' ? [w.overAfter(one.span)] : []),
      ...one.more,
    ],
    pictureText: context.hasPicture ? `${w.picture(one.of ?? machine)}. ${sentence}` : null,
    sections: [],
    buttons: [
      { word: w.open, href: alarmUrl(publicUrl, facts.machine, isOpen(told)) },
      ...(letter.token === null
        ? []
        : [{ word: w.acknowledge, href: acknowledgeUrl(publicUrl, letter.token) }]),
    ],
    hints: letter.token === null ? [] : [w.acknowledgeHint],
    foot: [w.zone(zoneName(zone, facts.happenedMs, reader.language)), w.why],
    footLink: { word: w.change, href: profileUrl(publicUrl) },
  };
}

function digest(letter: AlarmLetter, context: MailContext, w: Words): MailDocument {
  const { publicUrl, reader } = context;
  const zone = zoneOf(letter, context);
  const all = letter.told.map((told) => ({ told, words: new Phrases(told, zone, context, w) }));
  const ringing = all.filter(({ told }) => told.phase === 'rung');
  const over = all.filter(({ told }) => told.phase !== 'rung');
  const isLate = all.every(({ told }) => told.isLate);
  const isAlarm = ringing.some(({ told }) => told.facts.severity === 'alarm');
  const severity = isAlarm ? 'alarm' : 'warning';
  const names = [...new Set(all.map(({ words }) => words.machine))];
  const rest = names.length - MOST_NAMES;
  const where = `${names.slice(0, MOST_NAMES).join(', ')}${rest > 0 ? ` ${w.andMore(rest)}` : ''}`;
  const first = Math.min(...letter.told.map(({ facts }) => facts.happenedMs));
  const [any] = all;
  const since = any?.words.when(first) ?? '';
  const isEscalated = ringing.some(({ told }) => told.isEscalated);
  const tag = isLate ? w.tagLate : ringing.length > 0 ? w.tag(severity, isEscalated) : w.tagOver;
  const heading = `${w.alarms(all.length)} · ${where}`;
  return {
    ...{ language: reader.language, heading },
    subject: `[${tag}] ${heading} · ${w.since(since)}`,
    over: w.since(since),
    tone: ringing.length > 0 ? severity : 'plain',
    paragraphs: isLate ? [w.late(where)] : [],
    pictureText: null,
    sections: [section(w.nowRinging, ringing, publicUrl, w), section(w.nowOver, over, publicUrl, w)].filter(
      ({ items }) => items.length > 0,
    ),
    buttons: [
      { word: w.openList, href: alarmsUrl(publicUrl) },
      ...(letter.token === null
        ? []
        : [{ word: w.acknowledge, href: acknowledgeUrl(publicUrl, letter.token) }]),
    ],
    hints: letter.token === null ? [] : [w.acknowledgeHint],
    foot: [w.zone(zoneName(zone, first, reader.language)), w.why],
    footLink: { word: w.change, href: profileUrl(publicUrl) },
  };
}

/** The worst first, then the newest. */
function section(
  title: string,
  items: readonly { readonly told: Told; readonly words: Phrases }[],
  publicUrl: string,
  w: Words,
): MailSection {
  const rank = ({ told }: { readonly told: Told }): number => (told.facts.severity === 'alarm' ? 0 : 1);
  const sorted = items.toSorted(
    (a, b) => rank(a) - rank(b) || b.told.facts.happenedMs - a.told.facts.happenedMs,
  );
  return {
    title,
    items: sorted.slice(0, MOST_ITEMS).map(({ told, words }) => ({
      title: `${words.machine} · ${words.short}`,
      lines: [words.time, ...words.more],
      href: alarmUrl(publicUrl, words.facts.machine, isOpen(told)),
    })),
    more: sorted.length > MOST_ITEMS ? w.andMore(sorted.length - MOST_ITEMS) : null,
  };
}
