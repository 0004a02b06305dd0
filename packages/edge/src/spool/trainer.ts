// Learns priors in a thread of its own: it takes seconds on a small board, and acquisition waits for nothing.
// Not here: when (priors.ts), and what learning is (the codec).
import { Worker } from 'node:worker_threads';
import type { CodecSchema, Rows } from '@vigie/codec';

export interface TrainingTask {
  readonly schema: CodecSchema;
  readonly samples: readonly Rows[];
}

export interface Trainer {
  /** Bytes of a prior. Rejects when the thread fails, which costs nothing but the prior. */
  train(task: TrainingTask): Promise<Uint8Array>;
}

/** The thread's program lies beside this one, as source or built. */
const PROGRAM = new URL(`./train-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'mjs'}`, import.meta.url);

export const threadTrainer: Trainer = {
  train: (task) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(PROGRAM, { workerData: task });
      // A program that has nothing else to do does not wait for it.
      worker.unref();
      worker.once('message', (bytes: Uint8Array) => resolve(bytes));
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the training thread ended with code ${code}`)));
    }),
};
