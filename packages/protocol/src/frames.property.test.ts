// Frames: round trip, split anywhere; truncations, bit flips and random bytes give a reason and never throw.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  FrameReader,
  type FrameResult,
  MAX_FRAME_BYTES,
} from './frames.ts';

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
const hash = fc.stringMatching(/^[0-9a-f]{16}$/);
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    type: fc.constant('BLOCK' as const),
    firstSequence: u48,
    bootNumber: u32,
    monotonicStartMs: u48,
    rowCount: fc.integer({ min: 1, max: 65_535 }),
    block: bytes,
  }),
  fc.record({ type: fc.constant('ACK' as const), nextSequence: u48, utcMs: u48 }),
  fc.record({ type: fc.constant('LIVE' as const), bootNumber: u32, monotonicMs: u48, block: bytes }),
  fc.record({ type: fc.constant('WATCH' as const), durationMs: u32, intervalMs: u32 }),
  fc.record({ type: fc.constantFrom('PING' as const, 'PONG' as const), nonce: u32 }),
  fc.record({ type: fc.constant('SCHEMA' as const), hash, bytes }),
  fc.record({ type: fc.constant('PRIOR' as const), hash, schema: hash, bytes }),
  fc.record({
    type: fc.constant('ANCHOR' as const),
    bootNumber: u32,
    monotonicMs: u48,
    utcMs: u48,
    errorMs: u32,
  }),
  fc
    .tuple(u48, fc.integer({ min: 1, max: 1e6 }))
    .filter(([first, count]) => first + count < 2 ** 48)
    .map(([firstSequence, count]) => ({
      type: 'GAP' as const,
      firstSequence,
      nextSequence: firstSequence + count,
      reason: 'spool-damaged' as const,
    })),
  fc.record({
    type: fc.constant('REFUSED' as const),
    body: fc.record({
      reason: fc.constantFrom('busy' as const, 'bad-proof' as const),
      message: fc.string({ maxLength: 60 }),
      retryAfterMs: fc.option(u32),
    }),
  }),
  fc.record({
    type: fc.constant('SETTINGS' as const),
    body: fc.record({
      hash,
      // A null prototype would come back as a plain object.
      settings: fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.jsonValue(), { noNullPrototype: true }),
      pins: fc.array(fc.stringMatching(/^[0-9a-f]{64}$/), { minLength: 1, maxLength: 4 }),
    }),
  }),
  fc.record({
    type: fc.constant('SETTLED' as const),
    body: fc.record({
      hash,
      outcome: fc.constantFrom('applied' as const, 'refused' as const),
      message: fc.string({ maxLength: 60 }),
    }),
  }),
);

describe('frames', () => {
  it('come back the same however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.integer({ min: 1, max: 50 }), (frames, size) => {
        const stream = Buffer.concat(frames.map(encodeFrame));
        const reader = new FrameReader();
        const got: Frame[] = [];
        for (let at = 0; at < stream.length; at += size) {
          for (const result of reader.push(stream.subarray(at, at + size))) {
            if (!result.ok) throw new Error(result.message);
            got.push(result.frame);
          }
        }
        expect(JSON.stringify(got)).toEqual(JSON.stringify(frames));
      }),
    );
  });

  it('never throw on truncations, bit flips and random bytes', () => {
    fc.assert(
      fc.property(frame, fc.uint8Array({ maxLength: 64 }), fc.nat(), (one, noise, at) => {
        const body = encodeFrame(one).slice(4);
        for (let length = 0; length < body.length; length++) decodeFrame(body.subarray(0, length));
        const flipped = body.slice();
        flipped[at % body.length] = (flipped[at % body.length] ?? 0) ^ (1 << (at & 7));
        decodeFrame(flipped);
        decodeFrame(noise);
      }),
    );
  });

  it('come whole however large, byte by byte or with others behind them', () => {
    const large: Frame = {
      type: 'LIVE',
      bootNumber: 1,
      monotonicMs: 2,
      block: new Uint8Array(200_000).fill(7),
    };
    const stream = Buffer.concat([large, { type: 'PING', nonce: 3 } as const, large].map(encodeFrame));
    for (const size of [1, 65_536, stream.length]) {
      const reader = new FrameReader();
      const got: FrameResult[] = [];
      for (let at = 0; at < stream.length; at += size)
        got.push(...reader.push(stream.subarray(at, at + size)));
      expect(got).toEqual([large, { type: 'PING', nonce: 3 }, large].map((frame) => ({ ok: true, frame })));
    }
  });

  it('refuse lengths of 0, over the limit and 2^32 − 1, and stay refused', () => {
    for (const length of [0, MAX_FRAME_BYTES + 1, 0xffff_ffff]) {
      const reader = new FrameReader();
      const head = new Uint8Array(4);
      new DataView(head.buffer).setUint32(0, length);
      expect(reader.push(head)[0]?.ok).toBe(false);
      expect(reader.push(encodeFrame({ type: 'PING', nonce: 1 }))[0]?.ok).toBe(false);
    }
  });
});
