// What the demo, the benches and the simulation take from the edge beside its programs: an agent that replays rows made on the
// spot, and the reader of recordings.
export { type Recording, readRecording } from './acquire/csv.ts';
export { type DatedRow, ReplaySource } from './acquire/replay.ts';
export type { BootAxis, RowSink, SampledRow, Source, SourceState } from './acquire/source.ts';
export { Agent } from './agent.ts';
export { unrounded } from './budget/usage.ts';
export { liveAxis } from './clock/axis.ts';
export { throughSleep } from './clock/sleep.ts';
export { type EdgeHome, folderHome } from './enrolment/home.ts';
export { type Credential, readIdentity } from './enrolment/identity.ts';
export { writeWhole } from './kept-file.ts';
export { realDisk, type SpoolDatabase, type SpoolDisk } from './spool/disk.ts';
export { Spool } from './spool/spool.ts';
export { learn, processTrainer, type Trainer } from './spool/trainer.ts';
export { type Connection, type ConnectionEvents, type Dial, dialBy, dialTls } from './uplink/connection.ts';
