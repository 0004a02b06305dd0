// Alarms that no row tells: a machine that is silent, its data plan, rows without a time, shelves that end, alarms nobody
// acknowledges. Every half minute, by one server of all that share the database.
// Invariants: a round is done by one server only; what it finds is decided by `judge`, a pure function; a machine is locked only
// when something of it changes. Not here: rows (ring.ts), when a round is due (watchman.ts).
import type { AlarmKind, SilenceCause } from '@vigie/contract';
import { machineSchemaSchema } from '@vigie/model';
import { monthOf } from '../store/archive.ts';
import type { Database, Sql } from '../store/database.ts';
import { AlarmBook, type AlarmRow, lockWatches, putWatches } from './alarm-rows.ts';
import { ESCALATE_AFTER_MS, LATE_MS } from './event.ts';
import { again, calmMs, endLate, type MachineWatch, type OccurrenceChange } from './occurrence.ts';

export const SWEEP_EVERY_MS = 30_000;
/** A round that another server has just done is not done again. */
const ROUND_MS = SWEEP_EVERY_MS * 0.6;
const LEAST_SILENT_MS = 15 * 60_000;
/** Share of the month's data plan. */
const BUDGET_SHARE = 0.8;
/** An edge is given so long to be told the time. */
const CLOCK_MS = 10 * 60_000;

/** What is known of a machine's connection, at whichever server. */
export interface Heard {
  readonly connected: {
    readonly sinceMs: number;
    readonly spool: string;
    readonly bootNumber: number;
    readonly announcedNextSequence: number;
  } | null;
  /** `null`: never, since this server started. */
  readonly lastContactMs: number | null;
  /** Between two blocks, as the edge stretches it to keep its data budget; 0: not known here. */
  readonly intervalMs: number;
}

/** A condition of a machine as a whole. */
type SystemKind = 'silent' | 'budget' | 'clock' | 'spool';
const SYSTEM_KINDS: readonly SystemKind[] = ['silent', 'budget', 'clock', 'spool'];

export interface MachineFacts {
  readonly heard: Heard;
  /** Of its newest row; `null`: it never had one. */
  readonly lastRowMs: number | null;
  readonly silentMs: number;
  /** It has more rows, and is sending them. */
  readonly isCatchingUp: boolean;
  /** Of its month's data plan; `null`: it has none. */
  readonly usedShare: number | null;
  /** Its boot has no time. */
  readonly isUndated: boolean;
  /** Of the edge, when it fell silent; `null`: not known. */
  readonly bootBefore: number | null;
}

export interface Judged {
  readonly isOn: boolean;
  /** Since when it is so. */
  readonly atMs: number;
  readonly cause: SilenceCause | null;
}

/** @param before the open alarm of silence, if there is one that rings */
export function judgeSilence(
  { heard, lastRowMs, silentMs, isCatchingUp, bootBefore }: MachineFacts,
  before: { readonly cause: SilenceCause | null } | null,
  nowMs: number,
  startedMs: number,
): Judged {
  const { connected, lastContactMs } = heard;
  const no: Judged = { isOn: false, atMs: nowMs, cause: before?.cause ?? null };
  if (lastRowMs === null) return no;
  if (connected === null) {
    const atMs = Math.max(lastRowMs, lastContactMs ?? 0);
    // A server that has just started has not been called back yet.
    const isOn = before !== null || nowMs - Math.max(atMs, startedMs) > silentMs;
    return { isOn, atMs, cause: before?.cause ?? 'link-or-edge' };
  }
  if (before?.cause === 'link-or-edge') {
    const cause = bootBefore === null || bootBefore === connected.bootNumber ? 'link-down' : 'edge-off';
    return { isOn: false, atMs: connected.sinceMs, cause };
  }
  const isMute = !isCatchingUp && nowMs - Math.max(lastRowMs, connected.sinceMs) > silentMs;
  // It has answered again with its newest row.
  if (before !== null)
    return nowMs - lastRowMs > silentMs ? { ...no, isOn: true } : { ...no, atMs: lastRowMs };
  return isMute ? { isOn: true, atMs: lastRowMs, cause: 'controller-mute' } : no;
}

function judge(
  kind: SystemKind,
  facts: MachineFacts,
  open: AlarmRow | null,
  nowMs: number,
  startedMs: number,
): Judged {
  const rings = open !== null && open.over_ms === null;
  switch (kind) {
    case 'silent':
      return judgeSilence(facts, rings ? { cause: open.cause } : null, nowMs, startedMs);
    case 'budget':
      return { isOn: (facts.usedShare ?? 0) >= BUDGET_SHARE, atMs: nowMs, cause: null };
    case 'clock': {
      const { connected } = facts.heard;
      // While it is away nobody knows.
      if (connected === null) return { isOn: rings, atMs: nowMs, cause: null };
      const isOn = facts.isUndated && nowMs - connected.sinceMs > CLOCK_MS;
      return { isOn, atMs: isOn ? connected.sinceMs : nowMs, cause: null };
    }
    case 'spool':
      // It rings by what the edge says (ringSpool), and is over when nothing is left in it.
      return {
        ...{ isOn: rings && (facts.heard.connected === null || facts.isCatchingUp), atMs: nowMs },
        cause: null,
      };
  }
}

interface MachineRow {
  readonly id: string;
  readonly interval_ms: number;
  readonly data_budget_mb: number | null;
  readonly silent_ms: number | null;
  readonly schema_hash: string | null;
  readonly last_ms: number | null;
  readonly block_bytes: number | null;
}

/** @returns machines of which alarms changed; `null`: another server has done this round */
export async function sweep(
  db: Database,
  nowMs: number,
  startedMs: number,
  heardOf: (machine: string) => Promise<Heard> | Heard,
): Promise<ReadonlySet<string> | null> {
  const mine = await db.run(
    `INSERT INTO alarm_sweep (id, at_ms) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms
       WHERE alarm_sweep.at_ms <= $2 OR alarm_sweep.at_ms > $3`,
    nowMs,
    nowMs - ROUND_MS,
    nowMs + SWEEP_EVERY_MS,
  );
  if (mine === 0) return null;
  const told = new Set<string>();
  const touched = new Map<string, Touched>();
  const touch = (machine: string): Touched => {
    const known = touched.get(machine) ?? { kinds: [], unshelve: [], escalate: [], endsLate: false };
    touched.set(machine, known);
    return known;
  };
  await findConditions(db, nowMs, startedMs, heardOf, touch);
  const shelves = await db.all<{ machine: string; source: string }>(
    'SELECT machine, source FROM alarm_shelf WHERE until_ms <= $1',
    nowMs,
  );
  for (const { machine, source } of shelves) touch(machine).unshelve.push(source);
  const forgotten = await db.all<{ machine: string; id: number }>(
    `SELECT machine, id FROM alarm WHERE is_open = 1 AND escalated = 0 AND severity = 'alarm' AND over_ms IS NULL
       AND acknowledged_ms IS NULL AND learned_ms <= $1`,
    nowMs - ESCALATE_AFTER_MS,
  );
  for (const { machine, id } of forgotten) touch(machine).escalate.push(id);
  const late = await db.all<{ machine: string }>(
    'SELECT machine FROM alarm_watch WHERE late_ms <= $1',
    nowMs - LATE_MS,
  );
  for (const { machine } of late) touch(machine).endsLate = true;
  for (const [machine, what] of touched) {
    if (await db.transaction((sql) => change(sql, machine, what, nowMs))) told.add(machine);
  }
  return told;
}

interface Touched {
  readonly kinds: { readonly kind: SystemKind; readonly judged: Judged }[];
  readonly unshelve: string[];
  readonly escalate: number[];
  endsLate: boolean;
}

/** Finds machines of which a condition is another than its alarm says. */
async function findConditions(
  db: Database,
  nowMs: number,
  startedMs: number,
  heardOf: (machine: string) => Promise<Heard> | Heard,
  touch: (machine: string) => Touched,
): Promise<void> {
  const machines = await db.all<MachineRow>(
    `SELECT m.id, m.interval_ms, m.data_budget_mb, m.silent_ms, m.schema_hash, p.at_ms AS last_ms, u.block_bytes
       FROM machine m LEFT JOIN present p ON p.machine = m.id
       LEFT JOIN usage u ON u.machine = m.id AND u.month_ms = $1 AND m.data_budget_mb IS NOT NULL WHERE m.retired = 0`,
    monthOf(nowMs),
  );
  const rows = await db.all<AlarmRow>(
    'SELECT * FROM alarm WHERE is_open = 1 AND is_over = 0 AND channel IS NULL',
  );
  const open = new Map(rows.map((row) => [`${row.machine} ${row.kind}`, row]));
  const undated = new Set(
    (await db.all<{ machine: string }>('SELECT DISTINCT machine FROM block WHERE from_ms IS NULL')).map(
      ({ machine }) => machine,
    ),
  );
  const silences = await silencesOf(db, machines);
  for (const machine of machines) {
    const { id, last_ms: lastRowMs, data_budget_mb: budgetMb, block_bytes: bytes } = machine;
    const heard = await heardOf(id);
    const silentMs = machine.silent_ms ?? silences.get(machine.schema_hash ?? '') ?? null;
    const leastMs =
      silentMs ?? Math.max(LEAST_SILENT_MS, 3 * Math.max(machine.interval_ms, heard.intervalMs));
    const looksSilent = lastRowMs !== null && nowMs - lastRowMs > leastMs;
    const facts: MachineFacts = {
      ...{ heard, lastRowMs, silentMs: leastMs },
      isCatchingUp: (looksSilent || open.has(`${id} spool`)) && (await hasMore(db, id, heard)),
      usedShare: budgetMb === null ? null : (bytes ?? 0) / (budgetMb * 1e6),
      isUndated: undated.has(id) && (await isUndated(db, id, heard)),
      bootBefore: open.get(`${id} silent`)?.boot ?? null,
    };
    for (const kind of SYSTEM_KINDS) {
      const row = open.get(`${id} ${kind}`) ?? null;
      const judged = judge(kind, facts, row, nowMs, startedMs);
      const rings = row !== null && row.over_ms === null;
      const isCalm = row !== null && !rings && nowMs - (row.over_ms ?? nowMs) >= calmOf(row);
      if (judged.isOn !== rings || isCalm) touch(id).kinds.push({ kind, judged });
    }
  }
}

/** What models say of silence, by hash of schema. */
async function silencesOf(db: Sql, machines: readonly MachineRow[]): Promise<Map<string, number>> {
  const hashes = new Set(machines.flatMap(({ schema_hash }) => schema_hash ?? []));
  const rows = await db.find<{ hash: string; json: string }>(
    'schema',
    { hash: 'text' },
    [...hashes].map((hash) => ({ hash })),
  );
  return new Map(
    rows.flatMap(({ hash, json }) => {
      const { silentMs } = machineSchemaSchema.parse(JSON.parse(json));
      return silentMs === undefined ? [] : [[hash, silentMs] as const];
    }),
  );
}

async function hasMore(db: Sql, machine: string, { connected }: Heard): Promise<boolean> {
  if (connected === null) return false;
  const row = await db.get<{ next_sequence: number }>(
    'SELECT next_sequence FROM spool WHERE machine = $1 AND spool = $2',
    machine,
    connected.spool,
  );
  return (row?.next_sequence ?? 0) < connected.announcedNextSequence;
}

async function isUndated(db: Sql, machine: string, { connected }: Heard): Promise<boolean> {
  if (connected === null) return false;
  const row = await db.get(
    'SELECT 1 AS one FROM anchor WHERE machine = $1 AND spool = $2 AND boot = $3',
    machine,
    connected.spool,
    connected.bootNumber,
  );
  return row === undefined;
}

function calmOf(row: AlarmRow): number {
  return calmMs({ flapping: row.flapping === 1 });
}

async function change(sql: Sql, machine: string, what: Touched, nowMs: number): Promise<boolean> {
  const locked = (await lockWatches(sql, [machine])).get(machine);
  if (locked === undefined) return false;
  const book = await AlarmBook.open(sql, machine, nowMs);
  let watch: MachineWatch = locked;
  for (const { kind, judged } of what.kinds) {
    const changes = systemChanges(book, watch.nextId, kind, judged, nowMs);
    if (changes.some(({ type }) => type === 'begins')) watch = { ...watch, nextId: watch.nextId + 1 };
    const boot = kind === 'silent' && judged.isOn ? await lastBoot(sql, machine) : null;
    for (const one of changes) book.apply(one, { cause: judged.cause, boot });
    const returned = changes.find(({ type }) => type === 'returns');
    if (returned !== undefined && judged.cause !== null) book.setCause(returned.id, judged.cause);
  }
  if (what.endsLate) {
    const changes: OccurrenceChange[] = [];
    watch = { ...endLate(watch, changes), isBehind: false };
    for (const one of changes) book.apply(one);
    book.caughtUp();
  }
  for (const source of what.unshelve) book.unshelve(source, null);
  for (const id of what.escalate) book.escalate(id);
  if (watch !== locked) await putWatches(sql, new Map([[machine, watch]]), nowMs);
  return book.write();
}

/** What a condition of the whole machine makes of its alarm, as it stands now that it is locked. */
export function systemChanges(
  book: AlarmBook,
  nextId: number,
  kind: AlarmKind,
  { isOn, atMs }: Pick<Judged, 'isOn' | 'atMs'>,
  nowMs: number,
): OccurrenceChange[] {
  const row = book.rows.find((one) => one.kind === kind && one.is_over === 0) ?? null;
  const calm: OccurrenceChange[] =
    row !== null && row.over_ms !== null && nowMs - row.over_ms >= calmOf(row)
      ? [{ type: 'calms', id: row.id, overMs: row.over_ms }]
      : [];
  if (!isOn) {
    if (row === null) return [];
    return row.over_ms === null
      ? [{ type: 'returns', id: row.id, overMs: atMs, peak: null, peakMs: null }]
      : calm;
  }
  if (row !== null && row.over_ms === null) return [];
  if (row !== null && calm.length === 0) {
    const { id, happened_ms: happenedMs, over_ms: overMs, crossings, flapping } = row;
    return again({ id, happenedMs, overMs, crossings, flapping: flapping === 1 }, atMs).changes;
  }
  const about = { source: kind, kind, channel: null, limit: null };
  const nothing = { value: null, peak: null, peakMs: null, isUnderWorse: false };
  return [...calm, { type: 'begins', ...about, id: nextId, happenedMs: atMs, ...nothing }];
}

async function lastBoot(sql: Sql, machine: string): Promise<number | null> {
  const row = await sql.get<{ number: number }>(
    'SELECT number FROM boot WHERE machine = $1 ORDER BY met DESC LIMIT 1',
    machine,
  );
  return row?.number ?? null;
}

/**
 * The edge says that its spool is nearly full, or has thinned or dropped rows; then within the transaction that stores its GAP.
 * @returns whether an alarm changed
 */
export async function ringSpool(sql: Sql, machine: string, nowMs: number): Promise<boolean> {
  const locked = (await lockWatches(sql, [machine])).get(machine);
  if (locked === undefined) return false;
  const book = await AlarmBook.open(sql, machine, nowMs);
  const changes = systemChanges(book, locked.nextId, 'spool', { isOn: true, atMs: nowMs }, nowMs);
  if (changes.length === 0) return false;
  for (const one of changes) book.apply(one);
  if (changes.some(({ type }) => type === 'begins')) {
    await putWatches(sql, new Map([[machine, { ...locked, nextId: locked.nextId + 1 }]]), nowMs);
  }
  return book.write();
}
