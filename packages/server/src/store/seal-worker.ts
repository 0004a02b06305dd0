// The thread that seals and deletes what is older than it shall be kept, with connections of its own, so that no
// acknowledgement waits for it. Invariants: one seals at a time, also where several servers share a database (whoever
// holds the lock); it rests while a backup holds that of the folder; it ends after the node it is at.
// Not here: sealing (sealer.ts), deleting (retention.ts).
import { parentPort, workerData } from 'node:worker_threads';
import { type Lock, lockSealing } from './lock.ts';
import { type OpenSealer, openSealer, type Place } from './open.ts';
import type { SealerTold } from './sealing.ts';

/** How long it rests when nothing is due, at most. */
const REST_MS = 20_000;
const LEAST_REST_MS = 200;
const AGAIN_MS = 5000;
/** With much to do it lets others have the lock after so long. */
const MOST_BUSY_MS = 10_000;
const NO_LOCK: Lock = { release: () => undefined };
/** Of the advisory lock on PostgreSQL. */
const SEAL_LOCK = 0x5647_0002;

async function seal(place: Place): Promise<void> {
  let isOver = false;
  let wake: () => void = () => undefined;
  parentPort?.once('message', () => {
    isOver = true;
    wake();
  });
  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const tell = (told: SealerTold): void => parentPort?.postMessage(told);
  let restedMs = Date.now();
  while (!isOver) {
    let open: OpenSealer | null = null;
    let lock: { release(): Promise<void> } | null = null;
    try {
      open = await openSealer(place, () => Date.now());
      const { sealer, retention, hot, postgres } = open;
      lock = postgres === null ? null : await postgres.tryLock(SEAL_LOCK);
      if (postgres !== null && lock === null) await rest(REST_MS);
      while (!isOver && (postgres === null || lock !== null)) {
        const still: Lock | null = postgres === null ? lockSealing(place.folder, 0) : NO_LOCK;
        if (still === null) {
          await rest(AGAIN_MS);
          continue;
        }
        let made = 0;
        try {
          made = await sealer.round(() => isOver);
          if (made === 0) await retention.round(() => isOver);
          if (made === 0) await hot.tidy();
        } finally {
          still.release();
        }
        if (made > 0) {
          // Who waits for the lock looks for it ten times a second.
          if (Date.now() - restedMs > MOST_BUSY_MS) {
            await rest(LEAST_REST_MS);
            restedMs = Date.now();
          }
          continue;
        }
        restedMs = Date.now();
        await rest(Math.max(LEAST_REST_MS, Math.min((await sealer.dueInMs()) ?? REST_MS, REST_MS)));
      }
    } catch (error) {
      tell({ error: error instanceof Error ? error.message : String(error) });
      await rest(AGAIN_MS);
    } finally {
      await lock?.release().catch(() => undefined);
      await open?.close().catch(() => undefined);
    }
  }
}

await seal(workerData as Place);
