// status.json: what the agent says of itself every quarter of a minute, or when something changes, and how `vigie-edge
// status` says it to a person: one line for each part, what is wrong first and marked. The report is a pure function of
// the file and the present.
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '@vigie/config';
import { z } from 'zod';
import type { AgentStatus } from './agent.ts';
import { writeWhole } from './kept-file.ts';

/** The agent may be of another version than the command that reads its file. */
const statusFile = z.object({
  machine: z.string(),
  rows: z.number(),
  failedPolls: z.number(),
  controllerProblem: z.string().nullable(),
  unreadable: z.array(z.string()),
  diskProblem: z.string().nullable(),
  linkProblem: z.string().nullable(),
  backlogRows: z.number(),
  lostRows: z.number(),
  spoolBytes: z.number(),
  spoolMostBytes: z.number(),
  linkForMs: z.number(),
  nextDialInMs: z.number().nullable(),
  serverClock: z.object({ agoMs: z.number(), errorMs: z.number(), boxAheadMs: z.number() }).nullable(),
  settings: z.object({
    intervalMs: z.number(),
    dataBudgetMb: z.number().nullable(),
    overrides: z.array(z.string()),
    fromServer: z.boolean(),
    refused: z.string().nullable(),
    unknown: z.array(z.string()),
  }),
  data: z.object({
    monthBytes: z.number(),
    forecastBytes: z.number().nullable(),
    thrift: z.enum(['unbounded', 'within', 'stretched', 'held', 'asleep']),
    intervalMs: z.number(),
    countedBy: z.enum(['interface', 'link']),
  }),
  modem: z
    .object({
      present: z.boolean(),
      problem: z.string().nullable(),
      model: z.string().nullable(),
      operator: z.string().nullable(),
      technology: z.string().nullable(),
      rssiDbm: z.number().nullable(),
      rsrpDbm: z.number().nullable(),
      rsrqDb: z.number().nullable(),
      sinrDb: z.number().nullable(),
      address: z.string().nullable(),
      tried: z.record(z.string(), z.number()),
    })
    .nullable(),
  acknowledgedAgoMs: z.number().nullable(),
  bootNumber: z.number(),
  /** What was found damaged at the start, as sentences. */
  notices: z.array(z.string()),
  writtenMs: z.number(),
  pid: z.number(),
});
type StatusFile = z.infer<typeof statusFile>;
export type StatusWithNotices = AgentStatus & { readonly notices: readonly string[] };

/** A full disk must not end the agent: what it says is a value. */
export function writeStatus(folder: string, status: StatusWithNotices, writtenMs: number): Outcome<void> {
  try {
    writeWhole(join(folder, 'status.json'), JSON.stringify({ ...status, writtenMs, pid: process.pid }));
    return { ok: true, value: undefined };
  } catch (error) {
    return { ok: false, message: `status.json cannot be written: ${String(error)}` };
  }
}

/** Changes when something does that a person would want to know at once; counters alone do not change it. */
export function summaryOf({ controllerProblem, diskProblem, linkProblem, ...status }: AgentStatus): string {
  const { unreadable, lostRows, backlogRows, settings, data, modem } = status;
  const { thrift } = data;
  const wrong = [
    controllerProblem,
    diskProblem,
    linkProblem,
    modem?.problem,
    thrift,
    lostRows > 0,
    backlogRows === 0,
  ];
  return JSON.stringify([...wrong, unreadable, settings]);
}

/** One part of the report, in words. */
export interface StatusLine {
  readonly part: string;
  readonly ok: boolean;
  readonly text: string;
}

export interface StatusReport {
  readonly ok: boolean;
  /** What is wrong first. */
  readonly lines: readonly StatusLine[];
  /** What the agent wrote; `null`: there is nothing, or it cannot be read. */
  readonly facts: StatusFile | null;
}

export function reportOf(folder: string, nowMs: number): StatusReport {
  let text: string;
  try {
    text = readFileSync(join(folder, 'status.json'), 'utf8');
  } catch {
    return isReadOnly(folder)
      ? without(READ_ONLY)
      : without(`No agent has run with the data folder ${folder}.`);
  }
  const read = statusFile.safeParse(jsonOf(text));
  if (!read.success) {
    return without(
      `What the agent wrote cannot be read (${folder}/status.json): damaged, or of another version; start the agent again.`,
    );
  }
  return isReadOnly(folder) ? without(READ_ONLY) : report(read.data, nowMs, isAlive(read.data.pid));
}

const READ_ONLY =
  'the disk of the data folder CANNOT BE WRITTEN, so that the agent cannot say here how it is; if it runs, it holds its rows in memory only, and its log tells more: mend or replace the card';

/** Nobody can write there, not even its owner. */
function isReadOnly(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}

/** A person reads it line by line; `!` marks what is wrong. */
export function inWords({ lines }: StatusReport): string {
  return lines.map(({ part, ok, text }) => `${ok ? ' ' : '!'} ${part.padEnd(12)}${text}`).join('\n');
}

function without(text: string): StatusReport {
  return { ok: false, lines: [{ part: 'Agent', ok: false, text }], facts: null };
}

/** @param alive a process of the agent's number exists. */
export function report(status: StatusFile, nowMs: number, alive: boolean): StatusReport {
  // The clock of this box may step, so that a file may seem to be of tomorrow.
  const agoMs = Math.max(0, nowMs - status.writtenMs);
  const running = agoMs < 45_000 && alive;
  const lines: StatusLine[] = [
    running
      ? { part: 'Agent', ok: true, text: `running (process ${status.pid})` }
      : {
          part: 'Agent',
          ok: false,
          text: `NOT RUNNING: last sign ${span(agoMs)} ago; start it with vigie-edge run`,
        },
    controller(status),
    ...channels(status),
    ...spool(status),
    serverClock(status, agoMs),
    link(status, agoMs),
    acknowledgement(status, agoMs),
    ...modem(status),
    data(status),
    ...settings(status),
    ...status.notices.map((text) => ({ part: 'Files', ok: false, text })),
    { part: 'Boot', ok: true, text: `number ${status.bootNumber}` },
  ];
  const wrong = lines.filter(({ ok }) => !ok);
  return {
    ok: wrong.length === 0,
    lines: [{ part: 'Machine', ok: true, text: status.machine }, ...wrong, ...lines.filter(({ ok }) => ok)],
    facts: status,
  };
}

function controller({ controllerProblem: problem, rows, failedPolls }: StatusFile): StatusLine {
  const ok = problem === null;
  const text = ok
    ? `answers (${rows} rows, ${failedPolls} reads failed)`
    : `DOES NOT ANSWER: ${problem}; check its power and cable`;
  return { part: 'Controller', ok, text };
}

function channels({ unreadable }: StatusFile): StatusLine[] {
  if (unreadable.length === 0) return [];
  const text = `CANNOT BE READ: ${unreadable.join(', ')}; check them in the model and the machine`;
  return [{ part: 'Channels', ok: false, text }];
}

function spool(status: StatusFile): StatusLine[] {
  const { backlogRows, spoolBytes, spoolMostBytes, diskProblem, lostRows } = status;
  const share = spoolBytes / spoolMostBytes;
  const held = `${megabytes(spoolBytes)} of ${megabytes(spoolMostBytes)} (${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %)`;
  const lines: StatusLine[] = [];
  // Acknowledged blocks give way first: only what still waits can be lost.
  const full = share > 0.95 && backlogRows > 1000;
  lines.push({
    part: 'Spool',
    ok: !full,
    text: `${full ? 'NEARLY FULL, the oldest rows will give way: ' : ''}${backlogRows} rows wait to be acknowledged; ${held}`,
  });
  if (diskProblem !== null) {
    const text = `CANNOT BE WRITTEN (${diskProblem}): rows are held in memory; free space or replace the card`;
    lines.push({ part: 'Disk', ok: false, text });
  }
  if (lostRows > 0)
    lines.push({ part: 'Lost', ok: false, text: `${lostRows} rows that memory could not hold` });
  return lines;
}

function serverClock({ serverClock: read }: StatusFile, agoMs: number): StatusLine {
  if (read === null) {
    const text = 'no date since the agent started: rows are kept, and dated at the next contact';
    return { part: 'Clock', ok: true, text };
  }
  const { boxAheadMs, errorMs } = read;
  // Less cannot be told from the way of the answer.
  const box =
    Math.abs(boxAheadMs) <= Math.max(1000, 2 * errorMs)
      ? "this box's own clock agrees"
      : `this box's own clock is ${span(Math.abs(boxAheadMs))} ${boxAheadMs > 0 ? 'ahead' : 'behind'}; rows do not depend on it`;
  const text = `dated by the server ${span(read.agoMs + agoMs)} ago to ± ${errorMs} ms; ${box}`;
  return { part: 'Clock', ok: true, text };
}

function link(status: StatusFile, agoMs: number): StatusLine {
  const { linkProblem: problem, linkForMs, nextDialInMs } = status;
  const since = span(linkForMs + agoMs);
  if (problem === null) return { part: 'Link', ok: true, text: `connected for ${since}` };
  const next =
    nextDialInMs === null ? 'trying now' : `next try in ${span(Math.max(0, nextDialInMs - agoMs))}`;
  return { part: 'Link', ok: false, text: `DOWN for ${since}: ${problem}; ${next}` };
}

function acknowledgement({ acknowledgedAgoMs }: StatusFile, agoMs: number): StatusLine {
  const text =
    acknowledgedAgoMs === null
      ? 'has not acknowledged anything since the agent started'
      : `last acknowledgement ${span(acknowledgedAgoMs + agoMs)} ago`;
  return { part: 'Server', ok: true, text };
}

function modem({ modem: facts }: StatusFile): StatusLine[] {
  if (facts === null) return [];
  const { operator, technology, rssiDbm, rsrpDbm, rsrqDb, sinrDb, address, problem } = facts;
  const levels = [
    ...(rssiDbm === null ? [] : [`RSSI ${rssiDbm} dBm`]),
    ...(rsrpDbm === null ? [] : [`RSRP ${rsrpDbm} dBm`]),
    ...(rsrqDb === null ? [] : [`RSRQ ${rsrqDb} dB`]),
    ...(sinrDb === null ? [] : [`SINR ${sinrDb} dB`]),
  ];
  const tried = Object.entries(facts.tried).filter(([, times]) => times > 0);
  const parts = [
    ...(problem === null ? [] : [problem]),
    ...(operator === null && technology === null ? [] : [[operator, technology].filter(Boolean).join(' ')]),
    levels.length === 0 ? 'no signal known' : levels.join(', '),
    ...(address === null ? [] : [`address ${address}`]),
    ...(tried.length === 0
      ? []
      : [`tried so far: ${tried.map(([name, times]) => `${name} ${times}×`).join(', ')}`]),
  ];
  return [{ part: 'Modem', ok: problem === null, text: parts.join('; ') }];
}

const THRIFT: Record<StatusFile['data']['thrift'], string> = {
  unbounded: 'no budget',
  within: 'within the budget',
  stretched: 'sent more rarely, to stay within the budget',
  held: 'ROWS WAIT, to stay within the budget: give it more, or a coarser model',
  asleep: 'ROWS WAIT and the link is opened now and then only, to stay within the budget: give it more',
};

function data({ data: used, settings: { dataBudgetMb } }: StatusFile): StatusLine {
  const { monthBytes, forecastBytes, thrift, intervalMs, countedBy } = used;
  const budget = dataBudgetMb === null ? '' : ` of ${dataBudgetMb} MB`;
  const forecast = forecastBytes === null ? '' : `, ${megabytes(forecastBytes)} by its end`;
  const how = thrift === 'stretched' ? `, now every ${span(intervalMs)}` : '';
  const by = countedBy === 'interface' ? "by the interface's counter" : 'by what this program carried';
  const text = `${megabytes(monthBytes)}${budget} this month${forecast}; ${THRIFT[thrift]}${how}; counted ${by}`;
  return { part: 'Data', ok: thrift !== 'held' && thrift !== 'asleep', text };
}

function settings({
  settings: { intervalMs, dataBudgetMb, overrides, fromServer, refused, unknown },
}: StatusFile) {
  const own = overrides.length === 0 ? '' : `; names or limits of its own: ${overrides.join(', ')}`;
  const origin = fromServer ? '' : '; the server has sent none yet';
  const newer = unknown.length === 0 ? '' : `; this edge is too old for ${unknown.join(', ')}`;
  const budget = dataBudgetMb === null ? 'no data budget' : `${dataBudgetMb} MB a month`;
  const text = `a block every ${span(intervalMs)}, ${budget}${own}${origin}${newer}`;
  const lines: StatusLine[] = [{ part: 'Settings', ok: true, text }];
  if (refused !== null) {
    lines.push({
      part: 'Settings',
      ok: false,
      text: `REFUSED the server's newest, those before hold: ${refused}`,
    });
  }
  return lines;
}

function span(ms: number): string {
  const s = Math.round(ms / 1000);
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} days`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
