// What the demo takes from the edge beside its programs: an agent that replays rows made on the spot.
export { type DatedRow, ReplaySource } from './acquire/replay.ts';
export { Agent } from './agent.ts';
export { credential, readIdentity } from './enrolment/identity.ts';
export { Spool } from './spool/spool.ts';
