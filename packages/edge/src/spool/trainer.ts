// Learns priors in a thread of its own: it takes seconds on a small board, and acquisition waits for nothing.
// Blocks go in as they are kept, since decoding hours of rows takes a second too.
// Not here: when (priors.ts), and what learning is (the codec).
import { Worker } from 'node:worker_threads';
import {
  type CodecSchema,
  decodeBlock,
  decodePrior,
  encodePrior,
  type Prior,
  type Rows,
  trainPrior,
} from '@vigie/codec';

export interface TrainingTask {
  readonly schema: CodecSchema;
  /** Blocks of this schema, oldest first. */
  readonly blocks: readonly Uint8Array[];
  /** Bytes of the priors that they name. */
  readonly priors: readonly Uint8Array[];
}

export interface Trainer {
  /** Bytes of a prior. Rejects when the thread fails, which costs nothing but the prior. */
  train(task: TrainingTask): Promise<Uint8Array>;
}

/** What the thread does. A block that does not decode teaches nothing. @throws RangeError when none does. */
export function learn({ schema, blocks, priors }: TrainingTask): Uint8Array {
  const known = priors.flatMap((bytes): Prior[] => {
    const decoded = decodePrior(bytes, schema);
    return decoded.ok ? [decoded.value] : [];
  });
  const prior = (tag: string): Prior | null => known.find(({ hash }) => hash.startsWith(tag)) ?? null;
  const samples = blocks.flatMap((block): Rows[] => {
    const decoded = decodeBlock(block, schema, { prior });
    if (!decoded.ok) return [];
    const columns = decoded.value.columns.filter((column) => column !== null);
    return [{ ...decoded.value, columns }];
  });
  return encodePrior(trainPrior(schema, samples));
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
