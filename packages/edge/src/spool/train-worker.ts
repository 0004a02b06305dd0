// The training thread: one task in, the bytes of a prior out.
import { parentPort, workerData } from 'node:worker_threads';
import { learn, type TrainingTask } from './trainer.ts';

parentPort?.postMessage(learn(workerData as TrainingTask));
