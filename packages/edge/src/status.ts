// status.json: what the agent says of itself every quarter of a minute, or when something changes, and how `vigie-edge status` says it to a person.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '@vigie/config';
import type { AgentStatus } from './agent.ts';
import { writeWhole } from './enrolment/identity.ts';

interface StatusFile extends AgentStatus {
  readonly writtenMs: number;
  readonly pid: number;
}

/** A full disk must not end the agent: what it says is a value. */
export function writeStatus(folder: string, status: AgentStatus, writtenMs: number): Outcome<void> {
  const file: StatusFile = { ...status, writtenMs, pid: process.pid };
  try {
    writeWhole(join(folder, 'status.json'), JSON.stringify(file));
    return { ok: true, value: undefined };
  } catch (error) {
    return { ok: false, message: `status.json cannot be written: ${String(error)}` };
  }
}

/** Changes when something does that a person would want to know at once; counters alone do not change it. */
export function summaryOf({ controllerProblem, diskProblem, linkProblem, ...status }: AgentStatus): string {
  const { lostRows, backlogRows } = status;
  return JSON.stringify([controllerProblem, diskProblem, linkProblem, lostRows > 0, backlogRows === 0]);
}

/** Sentences for a person at the machine, and whether all is well. */
export function describeStatus(
  folder: string,
  nowMs: number,
): { readonly ok: boolean; readonly text: string } {
  let status: StatusFile;
  try {
    status = JSON.parse(readFileSync(join(folder, 'status.json'), 'utf8')) as StatusFile;
  } catch {
    return { ok: false, text: `No agent has run with the data folder ${folder}.` };
  }
  // The clock of this box may step, so that a file may seem to be of tomorrow.
  const agoS = Math.max(0, Math.round((nowMs - status.writtenMs) / 1000));
  const running = agoS < 45 && isAlive(status.pid);
  const acknowledged = status.acknowledgedAgoMs;
  const lines = [
    `Machine      ${status.machine}`,
    running
      ? `Agent        running (process ${status.pid})`
      : `Agent        NOT RUNNING: last sign ${agoS} s ago; start it with vigie-edge run`,
    status.controllerProblem === null
      ? `Controller   answers (${status.rows} rows, ${status.failedPolls} reads failed)`
      : `Controller   DOES NOT ANSWER: ${status.controllerProblem}; check its power and cable`,
    status.diskProblem === null
      ? `Spool        ${status.backlogRows} rows wait to be acknowledged`
      : `Disk         CANNOT BE WRITTEN (${status.diskProblem}): rows are held in memory; free space or replace the card`,
    ...(status.lostRows === 0 ? [] : [`Lost         ${status.lostRows} rows that memory could not hold`]),
    status.linkProblem === null ? 'Link         connected' : `Link         DOWN: ${status.linkProblem}`,
    acknowledged === null
      ? 'Server       has not acknowledged anything since the agent started'
      : `Server       last acknowledgement ${Math.round(acknowledged / 1000) + agoS} s ago`,
    `Boot         number ${status.bootNumber}`,
  ];
  const { controllerProblem, diskProblem, linkProblem } = status;
  const ok = running && controllerProblem === null && diskProblem === null && linkProblem === null;
  return { ok, text: lines.join('\n') };
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
