// What the demo and the benches take from the edge beside its programs: an agent that replays rows made on the
// spot, and the reader of recordings.
export { type Recording, readRecording } from './acquire/csv.ts';
export { type DatedRow, ReplaySource } from './acquire/replay.ts';
export { Agent } from './agent.ts';
export { type EdgeHome, folderHome } from './enrolment/home.ts';
export { type Credential, readIdentity } from './enrolment/identity.ts';
export { writeWhole } from './kept-file.ts';
export { realDisk } from './spool/disk.ts';
export { Spool } from './spool/spool.ts';
export { threadTrainer } from './spool/trainer.ts';
export { type Dial, dialTls } from './uplink/connection.ts';
