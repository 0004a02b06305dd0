// The codec: rows ↔ blocks. Pure functions on bytes; no dependency, no node:, no DOM, so that edge,
// server and browser run the same code and agree bit for bit.
export {
  type DecodeOptions,
  decodeBlock,
  type EncodeOptions,
  encodeBlock,
  readBlockHeader,
} from './block.ts';
export * from './types.ts';
