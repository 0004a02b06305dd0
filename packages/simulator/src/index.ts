// Machines to try Vigie on: physics behind a real Modbus server or printing lines, and the same physics run fast for history.
export { createMachine, demoStory, type Kind, readRow } from './machines.ts';
export type { Episode, Machine, Snapshot } from './physics.ts';
