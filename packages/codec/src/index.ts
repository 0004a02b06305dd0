// The codec: rows ↔ blocks. Pure functions on bytes; no dependency, no node:, no DOM, so that edge,
// server and browser run the same code and agree bit for bit.
export * from './types.ts';
