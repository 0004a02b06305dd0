// Frames: round trip, split anywhere; truncations, bit flips and random bytes give a reason and never throw.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  FrameReader,
  type FrameResult,
  FrameWriter,
  MAX_FRAME_BYTES,
} from './frames.ts';

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
const hash = fc.stringMatching(/^[0-9a-f]{16}$/);
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    type: fc.constant('BLOCK' as const),
    acknowledge: fc.boolean(),
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
  fc.record({
    type: fc.constant('REPORT' as const),
    body: fc.record({
      version: fc.string({ maxLength: 32 }),
      data: fc.record({
        monthBytes: u48,
        forecastBytes: fc.option(u48),
        budgetBytes: fc.option(u48),
        thrift: fc.constantFrom('within' as const, 'held' as const),
        intervalMs: u48,
      }),
      spool: fc.record({ bytes: u48, mostBytes: u48 }),
      modem: fc.option(
        fc.record({
          operator: fc.option(fc.string({ maxLength: 60 })),
          technology: fc.option(fc.constantFrom('2G', '4G')),
          rssiDbm: fc.option(fc.integer({ min: -140, max: 20 })),
          rsrpDbm: fc.option(fc.integer({ min: -140, max: 20 })),
          rsrqDb: fc.option(fc.integer({ min: -40, max: 20 })),
          sinrDb: fc.option(fc.integer({ min: -20, max: 40 })),
        }),
      ),
    }),
  }),
);

describe('frames', () => {
  it('come back the same however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.integer({ min: 1, max: 50 }), (frames, size) => {
        const stream = Buffer.concat(frames.map((one) => encodeFrame(one)));
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
        const encoded = encodeFrame(one);
        const body = encoded.slice(encoded.findIndex((byte) => byte < 128) + 1);
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
    const stream = Buffer.concat(
      [large, { type: 'PING', nonce: 3 } as const, large].map((one) => encodeFrame(one)),
    );
    for (const size of [1, 65_536, stream.length]) {
      const reader = new FrameReader();
      const got: FrameResult[] = [];
      for (let at = 0; at < stream.length; at += size)
        got.push(...reader.push(stream.subarray(at, at + size)));
      expect(got).toEqual([large, { type: 'PING', nonce: 3 }, large].map((frame) => ({ ok: true, frame })));
    }
  });

  it('tell where blocks lie, whether they follow one another or not, and refuse what follows nothing', () => {
    const U32 = 2 ** 32 - 1;
    const U48 = 2 ** 48 - 1;
    // Places drawn from few numbers, so that blocks follow, repeat, go back, change boots and reach every bound.
    const number = (most: number) =>
      fc.oneof(fc.constantFrom(0, 1, 60_000, most - 1, most), fc.nat({ max: 9 }));
    const place = fc.record({
      follows: fc.boolean(),
      acknowledge: fc.boolean(),
      firstSequence: number(U48),
      bootNumber: number(U32),
      monotonicStartMs: number(U48),
      rowCount: fc.constantFrom(1, 60, 127, 128, 65_535),
    });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 12 }), (places) => {
        const frames: Frame[] = [];
        let next = 0;
        let boot = 0;
        for (const { follows, ...one } of places) {
          const at = follows && next <= U48 ? { ...one, firstSequence: next, bootNumber: boot } : one;
          frames.push({ type: 'BLOCK', ...at, block: Uint8Array.of(1, 2, 3) });
          next = at.firstSequence + at.rowCount;
          boot = at.bootNumber;
        }
        const writer = new FrameWriter();
        const encoded = frames.map((one) => writer.encode(one));
        const reader = new FrameReader();
        const got = encoded.flatMap((bytes) => reader.push(bytes));
        expect(got).toEqual(frames.map((frame) => ({ ok: true, frame })));
        for (const bytes of encoded) {
          const [alone] = new FrameReader().push(bytes);
          const isFollowing = ((bytes[1] ?? 0) & 0x40) !== 0;
          expect(alone?.ok).toBe(!isFollowing);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('take five bytes around each block of a steady row of them', () => {
    const writer = new FrameWriter();
    const sizes = Array.from({ length: 4 }, (_, i) => {
      const block = new Uint8Array(550);
      const place = {
        firstSequence: 1e6 + 60 * i,
        bootNumber: 3,
        monotonicStartMs: 1e9 + 60_000 * i,
        rowCount: 60,
      };
      return (
        writer.encode({ type: 'BLOCK', acknowledge: i % 2 === 0, ...place, block }).length - block.length
      );
    });
    expect(sizes).toEqual([13, 7, 5, 5]);
  });

  it('refuse lengths of 0, over the limit and without end, and stay refused', () => {
    const tooLong = MAX_FRAME_BYTES + 1;
    for (const head of [
      Uint8Array.of(0),
      Uint8Array.of((tooLong & 127) | 128, ((tooLong >> 7) & 127) | 128, tooLong >> 14),
      Uint8Array.of(0xff, 0xff, 0xff),
    ]) {
      const reader = new FrameReader();
      expect(reader.push(head)[0]?.ok).toBe(false);
      expect(reader.push(encodeFrame({ type: 'PING', nonce: 1 }))[0]?.ok).toBe(false);
    }
  });
});
