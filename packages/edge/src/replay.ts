// Replays rows that have their own dates as if a controller gave them: through spool, blocks and link, to the last
// acknowledgement. The recording is a boot of its own (clock/boot-clock.ts), so the server stores each row at the
// instant the recording says. Started again after an end in the middle, it goes on where it was.
import type { MachineSchema } from '@vigie/model';
import type { Clock, Randomness } from '@vigie/protocol';
import type { RowValues } from './acquire/source.ts';
import { replayBoot } from './clock/boot-clock.ts';
import type { Credential, Identity } from './enrolment/identity.ts';
import { openSpool } from './spool/spool.ts';
import { startUplink } from './uplink/uplink.ts';

const ROWS_A_BLOCK = 60;
/** Blocks ahead of the acknowledgements: bounds the spool, keeps the link busy. */
const MAX_AHEAD_ROWS = 60 * ROWS_A_BLOCK;

export interface DatedRow {
  /** Unix ms. */
  readonly atMs: number;
  readonly values: RowValues;
}

export interface ReplayOptions {
  readonly identity: Identity;
  readonly credential: Credential;
  readonly spoolFile: string;
  readonly schema: MachineSchema;
  /** Names this recording; the same id goes on, another starts a new boot. */
  readonly bootId: string;
  /** Oldest first. */
  readonly rows: Iterable<DatedRow>;
  readonly firstMs: number;
  /** Times the recording's own pace; 0 = as fast as the server takes it. */
  readonly speed: number;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly say: (message: string) => void;
  /** Rows acknowledged so far. */
  readonly onProgress?: (rows: number, atMs: number) => void;
}

/** Resolves with the number of rows when all are acknowledged; `stop` ends it early, and nothing is lost. */
export function startReplay(options: ReplayOptions): { readonly done: Promise<number>; stop(): void } {
  const { clock, firstMs } = options;
  const spool = openSpool({ file: options.spoolFile, schema: options.schema, bootId: options.bootId });
  let wake: (() => void) | null = null;
  let stopped = false;
  let lastAtMs = firstMs;
  const uplink = startUplink({
    identity: options.identity,
    credential: options.credential,
    spool,
    boot: replayBoot(firstMs),
    bootId: options.bootId,
    clock,
    randomness: options.randomness,
    onSettings: () => undefined,
    onAcknowledged: () => wake?.(),
    say: options.say,
  });
  const rest = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.after(delayMs, resolve);
      wake = () => {
        wake = null;
        timer.cancel();
        resolve();
      };
    });

  const run = async (): Promise<number> => {
    const startedMs = clock.monotonicMs();
    let skip = spool.bootRows;
    let rows = 0;
    let held = 0;
    const flush = async (): Promise<void> => {
      if (held === 0) return;
      while (!spool.commit() && !stopped) await rest(1000);
      spool.cut();
      uplink.grew();
      held = 0;
      options.onProgress?.(rows - spool.backlogRows, lastAtMs);
      while (spool.backlogRows > MAX_AHEAD_ROWS && !stopped) await rest(200);
    };
    for (const row of options.rows) {
      if (stopped) break;
      rows++;
      lastAtMs = row.atMs;
      if (skip > 0) {
        skip--;
        continue;
      }
      if (options.speed > 0) {
        const dueMs = startedMs + (row.atMs - firstMs) / options.speed;
        while (clock.monotonicMs() < dueMs && !stopped) await rest(dueMs - clock.monotonicMs());
      }
      spool.push(row.atMs - firstMs, row.values);
      held++;
      if (held >= ROWS_A_BLOCK) await flush();
    }
    await flush();
    while (spool.cut()) uplink.grew();
    while (spool.backlogRows > 0 && !stopped) await rest(200);
    options.onProgress?.(rows, lastAtMs);
    uplink.stop();
    spool.close();
    return rows;
  };
  return {
    done: run(),
    stop: () => {
      stopped = true;
      wake?.();
    },
  };
}
