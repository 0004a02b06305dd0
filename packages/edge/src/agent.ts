// The agent at work: polls the controller on a grid of the boot's clock, commits rows, cuts blocks, keeps the link.
// Acquisition waits for nothing: not for the link, not for the time of day, not for the disk.
// Not here: how any of these is done (acquire/, spool/, uplink/).
import { encodeBlock } from '@vigie/codec';
import { codecSchema, type MachineSchema } from '@vigie/model';
import type { Clock, Randomness } from '@vigie/protocol';
import type { Source } from './acquire/source.ts';
import { liveBoot } from './clock/boot-clock.ts';
import type { Credential, Identity } from './enrolment/identity.ts';
import type { Spool } from './spool/spool.ts';
import { startUplink } from './uplink/uplink.ts';

const COMMIT_EVERY_MS = 10_000;
/** Rows held in memory while the disk refuses them; the oldest give way. */
const MAX_HELD_ROWS = 3600;

export interface AgentStatus {
  readonly machine: string;
  readonly polls: number;
  readonly failedPolls: number;
  /** Why the last poll failed; `null` when it did not. */
  readonly controllerProblem: string | null;
  readonly backlogRows: number;
  readonly linkConnected: boolean;
  readonly linkProblem: string | null;
  /** ms since the last acknowledgement; `null` before the first. */
  readonly acknowledgedAgoMs: number | null;
  readonly diskProblem: boolean;
  readonly bootNumber: number;
}

export interface Agent {
  status(): AgentStatus;
  /** Commits what is held, cuts a block, ends the link. */
  stop(): Promise<void>;
}

export function startAgent(options: {
  readonly identity: Identity;
  readonly credential: Credential;
  readonly schema: MachineSchema;
  readonly source: Source;
  readonly spool: Spool;
  readonly bootId: string;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly say: (message: string) => void;
}): Agent {
  const { clock, spool, schema, source, say } = options;
  const boot = liveBoot(clock);
  const coding = codecSchema(schema);
  let intervalMs = options.intervalMs;
  let stopped = false;
  let polls = 0;
  let failedPolls = 0;
  let controllerProblem: string | null = null;
  let diskProblem = false;
  let heldRows = 0;
  let lastCommitMs = clock.monotonicMs();
  let lastCutMs = clock.monotonicMs();
  let polling = Promise.resolve();

  const uplink = startUplink({
    identity: options.identity,
    credential: options.credential,
    spool,
    boot,
    bootId: options.bootId,
    clock,
    randomness: options.randomness,
    onSettings: (settings) => {
      intervalMs = settings.intervalMs;
    },
    onAcknowledged: () => undefined,
    say,
  });

  const keep = (nowMs: number): void => {
    if (nowMs - lastCommitMs >= Math.min(COMMIT_EVERY_MS, intervalMs)) {
      const done = spool.commit();
      if (done) heldRows = 0;
      if (done === diskProblem) {
        diskProblem = !done;
        say(
          done ? 'disk: rows are being kept again' : 'disk: rows cannot be written; they are held in memory',
        );
      }
      lastCommitMs = nowMs;
    }
    if (nowMs - lastCutMs >= intervalMs) {
      if (spool.cut()) uplink.grew();
      lastCutMs = nowMs;
    }
  };

  const pollOnce = async (gridMs: number): Promise<void> => {
    polls++;
    const poll = await source.poll();
    if (!poll.ok) {
      failedPolls++;
      if (controllerProblem === null) say(`controller: ${poll.message}`);
      controllerProblem = poll.message;
      return;
    }
    if (controllerProblem !== null) say('controller: answers again');
    controllerProblem = null;
    if (heldRows >= MAX_HELD_ROWS) return;
    spool.push(gridMs, poll.values);
    heldRows++;
    uplink.live(gridMs, () =>
      encodeBlock(
        coding,
        {
          rowCount: 1,
          timesMs: Float64Array.of(0),
          columns: poll.values.map((value, c) =>
            coding.channels[c]?.kind === 'text'
              ? { type: 'text', values: [typeof value === 'string' ? value : null] }
              : {
                  type: 'number',
                  values: Float64Array.of(typeof value === 'number' ? value : 0),
                  present: typeof value === 'number' ? null : Uint8Array.of(0),
                },
          ),
        },
        { schemaHash: spool.schemaHash },
      ),
    );
  };

  /** One poll per step of the grid; a step missed because a poll took long is a hole, not a shifted row. */
  const schedule = (): void => {
    if (stopped) return;
    const now = clock.monotonicMs();
    const nextMs = (Math.floor(now / schema.intervalMs) + 1) * schema.intervalMs;
    clock.after(nextMs - now, () => {
      if (stopped) return;
      polling = pollOnce(nextMs).then(() => {
        keep(clock.monotonicMs());
        schedule();
      });
    });
  };
  schedule();

  return {
    status: () => ({
      machine: options.identity.machine,
      polls,
      failedPolls,
      controllerProblem,
      backlogRows: spool.backlogRows,
      linkConnected: uplink.connected,
      linkProblem: uplink.connected ? null : uplink.lastProblem,
      acknowledgedAgoMs:
        uplink.lastAcknowledgedMs === null
          ? null
          : Math.round(clock.monotonicMs() - uplink.lastAcknowledgedMs),
      diskProblem,
      bootNumber: spool.bootNumber,
    }),
    stop: async () => {
      stopped = true;
      await polling;
      spool.commit();
      if (spool.cut()) uplink.grew();
      uplink.stop();
      await source.close();
      spool.close();
    },
  };
}
