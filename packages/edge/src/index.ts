// What the demo and the benches take from the edge beside its programs: an agent that replays rows made on the
// spot, and the reader of recordings.
export { type Recording, readRecording } from './acquire/csv.ts';
export { type DatedRow, ReplaySource } from './acquire/replay.ts';
export { Agent } from './agent.ts';
export { credential, readIdentity, writeWhole } from './enrolment/identity.ts';
export { Spool } from './spool/spool.ts';
export { processTrainer } from './spool/trainer.ts';
