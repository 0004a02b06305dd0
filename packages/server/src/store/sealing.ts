// Starts the thread that seals (seal-worker.ts) and starts it again when it fails: what is not sealed stays where it is,
// and is read there. Not here: sealing (sealer.ts).
import { Worker } from 'node:worker_threads';
import type { Place } from './open.ts';

const AGAIN_MS = 5000;

/** What the thread says. */
export interface SealerTold {
  readonly error: string;
}

/** Starts the thread. @param log of what goes wrong in it */
export function startSealing(
  place: Place,
  log: (message: string, facts?: Record<string, unknown>) => void,
): { close(): Promise<void> } {
  let closing = false;
  let worker: Worker;
  let ended: Promise<void>;
  const start = (): void => {
    const name = import.meta.url.endsWith('.ts') ? 'seal-worker.ts' : 'seal-worker.mjs';
    worker = new Worker(new URL(name, import.meta.url), { workerData: place });
    worker.on('message', ({ error }: SealerTold) => {
      log('archive: sealing failed, it is tried again', { why: error });
    });
    worker.on('error', (error) => log('archive: the thread failed, it starts again', { why: String(error) }));
    ended = new Promise((resolve) => {
      worker.once('exit', () => {
        if (closing) resolve();
        else setTimeout(() => (closing ? resolve() : start()), AGAIN_MS).unref();
      });
    });
  };
  start();
  return {
    close: async () => {
      closing = true;
      worker.postMessage('stop');
      await ended;
    },
  };
}
