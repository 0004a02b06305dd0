// The bytes of a universal prior: every entry of its tables, in order, as logits in eighths and confidences. Read only
// from the package itself or a bench's file, so it is checked for its length and sum, not for hostile content.
import { ByteWriter } from './bytes.ts';
import { crc24 } from './checksum.ts';
import { Coder } from './coder.ts';
import { CONFIDENCES } from './confidences.ts';
import { HEAD_SIZE, PLAIN_COUNT, STATE_COUNT, STEPS, WEIGHT_COUNT } from './contexts.ts';
import type { UniversalPrior } from './prior.ts';
import { codeNumber, codeTree } from './symbols.ts';
import { nearestEighths, ofEighths } from './tables.ts';

/** Contexts: a tree of 128 logits per step of the states, of 128 for the plain ones, of 8 confidences, a number. */
const PLAIN_TREE = STEPS * 128;
const CONFIDENCE_TREE = PLAIN_TREE + 128;
const WEIGHT_NUMBER = CONFIDENCE_TREE + STEPS * 8;
const CONTEXT_COUNT = WEIGHT_NUMBER + 130;

export function encodeUniversal(universal: UniversalPrior): Uint8Array {
  const coder = new Coder(CONTEXT_COUNT);
  coder.plain.fill(32_768);
  coder.write();
  codeTables(coder, universal);
  const out = new ByteWriter();
  out.bytes(coder.finish());
  out.uint24(crc24(out.buffer, out.length, 0));
  return out.done();
}

/** @throws Error on other bytes than `encodeUniversal` makes. */
export function decodeUniversal(bytes: Uint8Array): UniversalPrior {
  const end = bytes.length - 3;
  const check = (bytes[end]! << 16) | (bytes[end + 1]! << 8) | bytes[end + 2]!;
  if (end < 0 || check !== crc24(bytes, end, 0))
    throw new Error('these are not the bytes of a universal prior');
  const coder = new Coder(CONTEXT_COUNT);
  coder.plain.fill(32_768);
  coder.read(bytes, 0, end);
  return { ...codeTables(coder, null), check };
}

function codeTables(coder: Coder, given: UniversalPrior | null): Omit<UniversalPrior, 'check'> {
  const states = new Int32Array(STATE_COUNT);
  for (let i = 0; i < STATE_COUNT; i++) {
    const step = i % STEPS;
    const state = given === null ? 0 : given.states[i]!;
    const logit = codeTree(coder, step * 128, 7, nearestEighths(state >>> 8) + 64) - 64;
    const confidence = codeTree(
      coder,
      CONFIDENCE_TREE + step * 8,
      3,
      CONFIDENCES.findIndex((n) => n === (state & 255)),
    );
    states[i] = (ofEighths(logit) << 8) | CONFIDENCES[confidence]!;
  }
  const weights = new Int32Array(WEIGHT_COUNT);
  for (let i = 0; i < WEIGHT_COUNT; i++) {
    weights[i] = codeNumber(coder, WEIGHT_NUMBER, given === null ? 0 : given.weights[i]! >> 6) * 64;
  }
  const plain = codePlainTable(coder, given?.plain ?? null, PLAIN_COUNT);
  const heads = codePlainTable(coder, given?.heads ?? null, HEAD_SIZE);
  return { states, weights, plain, heads };
}

function codePlainTable(coder: Coder, given: Uint16Array | null, count: number): Uint16Array {
  const table = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    table[i] = ofEighths(
      codeTree(coder, PLAIN_TREE, 7, given === null ? 0 : nearestEighths(given[i]!) + 64) - 64,
    );
  }
  return table;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 without padding: this package knows neither Buffer nor atob. */
export function fromBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 6) / 8));
  let bits = 0;
  let count = 0;
  let at = 0;
  for (const digit of text) {
    bits = ((bits << 6) | DIGITS.indexOf(digit)) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[at++] = bits >> count;
  }
  return bytes;
}
