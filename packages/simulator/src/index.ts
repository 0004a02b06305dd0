// Machines to try Vigie on: physics behind a real Modbus TCP server, and the same physics run fast for history.
export { createMachine, demoStory, type Kind, readRow } from './machines.ts';
export { type ModbusMachine, startModbusServer } from './modbus.ts';
export type { Episode, Machine, Snapshot } from './physics.ts';
