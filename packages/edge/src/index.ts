// What the demo and the end-to-end tests take from the edge beside its programs: the replay of dated rows.
export { credential, readIdentity } from './enrolment/identity.ts';
export { realClock, realRandomness } from './environment.ts';
export { type DatedRow, startReplay } from './replay.ts';
