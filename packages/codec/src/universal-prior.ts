import { Coder } from './coder.ts';
import { HEAD_SIZE } from './contexts.ts';
import type { UniversalPrior } from './prior.ts';

const c = new Coder();
export const universalPrior: UniversalPrior = {
  states: new Int32Array(c.states.length).fill((32768 << 8) | 2),
  weights: new Int32Array(c.weights.length).fill(6000),
  plain: new Uint16Array(c.plain.length).fill(32768),
  heads: new Uint16Array(HEAD_SIZE).fill(32768),
  check: 0,
};
