// The training thread: one task in, the bytes of a prior out.
import { parentPort, workerData } from 'node:worker_threads';
import { encodePrior, trainPrior } from '@vigie/codec';
import type { TrainingTask } from './trainer.ts';

const { schema, samples } = workerData as TrainingTask;
parentPort?.postMessage(encodePrior(trainPrior(schema, samples)));
