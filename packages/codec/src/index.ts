// The codec: rows ↔ blocks. Pure functions on bytes; no dependency, no node:, no DOM, so that edge,
// server and browser run the same code and agree bit for bit.
export {
  type DecodeOptions,
  decodeBlock,
  type EncodeOptions,
  encodeBlock,
  readBlockHeader,
} from './block.ts';
export type { Prior, UniversalPrior } from './prior.ts';
export { decodePrior, encodePrior, type PriorOptions } from './prior-bytes.ts';
export { trainPrior } from './train.ts';
export { type SampleSet, trainUniversal } from './train-universal.ts';
export * from './types.ts';
export { decodeUniversal, encodeUniversal } from './universal-bytes.ts';
export { universalPrior } from './universal-prior.ts';
