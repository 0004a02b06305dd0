// Learns priors in a process of its own: it takes seconds on a small board, and acquisition waits for nothing. Not in
// a thread: the memory it takes would stay with the agent for ever after.
// Blocks go in as they are kept, since decoding hours of rows takes a second too.
// Not here: when (priors.ts), and what learning is (the codec).
import { fork } from 'node:child_process';
import { setPriority } from 'node:os';
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
  /** Bytes of a prior. Rejects when learning fails, which costs nothing but the prior. */
  train(task: TrainingTask): Promise<Uint8Array>;
}

/** What the process does. A block that does not decode teaches nothing. @throws RangeError when none does. */
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

/** The program of the process lies beside this one, as source or built. */
const PROGRAM = new URL(`./train-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'mjs'}`, import.meta.url);
const NICENESS = 10;

export const processTrainer: Trainer = {
  train: (task) =>
    new Promise((resolve, reject) => {
      const child = fork(PROGRAM, {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      child.once('spawn', () => {
        try {
          if (child.pid !== undefined) setPriority(child.pid, NICENESS);
        } catch {
          // Gone already, which `exit` says.
        }
        child.send(task);
      });
      child.once('message', (bytes) => resolve(bytes as Uint8Array));
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`the training process ended with code ${code}`)));
      // A program that has nothing else to do does not wait for it.
      child.unref();
      child.channel?.unref();
    }),
};
