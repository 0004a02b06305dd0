// The training process: one task in, the bytes of a prior out. Ends with its parent.
import { learn, type TrainingTask } from './trainer.ts';

process.once('disconnect', () => process.exit());
process.once('message', (task) => {
  process.send?.(learn(task as TrainingTask), () => process.disconnect());
});
