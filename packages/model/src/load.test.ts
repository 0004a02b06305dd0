// Mappings of models: what is filled in, what is refused with one sentence at its line, values there and back.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { cleanTo, loadModel, rawOf, sampleOf } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigie-model-'));
afterAll(() => rmSync(folder, { recursive: true }));

function load(...channels: readonly object[]): ReturnType<typeof loadModel> {
  const file = join(folder, 'm.yaml');
  const names = { fr: 'x', en: 'x' };
  const whole = channels.map((channel, i) => ({ id: `c${i}`, kind: 'number', names, ...channel }));
  writeFileSync(file, JSON.stringify({ model: 'm', names, channels: whole }, null, 1));
  return loadModel(file);
}

function registerOf(register: object) {
  const loaded = load({ register });
  const one = loaded.ok ? loaded.value.registers?.[0] : undefined;
  if (one === undefined) throw new Error(loaded.ok ? 'no register' : loaded.message);
  return one;
}

describe('a mapping', () => {
  it('is filled in', () => {
    expect(registerOf({ address: 3, type: 'i16' })).toEqual({
      ...{ table: 'input', address: 3, type: 'i16', wordOrder: 'big', byteOrder: 'big' },
      ...{ scale: 1, offset: 0, bits: null, missing: -0x8000 },
    });
    expect(registerOf({ address: 3, table: 'coil' })).toMatchObject({ type: 'bool', missing: null });
    expect(registerOf({ address: 3, type: 'u16', bit: 4 })).toMatchObject({
      bits: { from: 4, count: 1 },
      missing: null,
    });
    expect(registerOf({ address: 3, type: 'u16', missing: null })).toMatchObject({ missing: null });
  });

  it('is not needed by a machine that prints lines, whose columns may have other names', () => {
    expect(load({}, { column: 'T out (°C)' })).toMatchObject({
      ok: true,
      value: { registers: null, columns: ['c0', 'T out (°C)'] },
    });
  });

  it('says where a counter in a register starts again', () => {
    const counter = (register: object, more = {}) => ({ kind: 'counter', register, ...more });
    const loaded = load(
      counter({ address: 0, type: 'u32', scale: 0.1 }),
      counter({ address: 2, type: 'u16' }),
      counter({ address: 3, type: 'u64' }),
      counter({ address: 7, type: 'u32' }, { wrapsAt: 1_000_000 }),
      { register: { address: 9, type: 'u32' } },
    );
    if (!loaded.ok) throw new Error(loaded.message);
    expect(loaded.value.schema.channels.map(({ wrapsAt }) => wrapsAt)).toEqual([
      2 ** 32 * 0.1,
      65_536,
      null,
      1_000_000,
      null,
    ]);
  });

  it.each<[readonly object[], RegExp]>([
    [[{ register: { address: 1 } }], /0\.register\.type: is missing: u16, i16/],
    [[{ register: { address: 1, type: 'u8' } }], /0\.register\.type: /],
    [[{ register: { address: 65_535, type: 'u32' } }], /address: the register ends beyond 65535/],
    [[{ register: { address: 65_533, type: 'f64' } }], /address: the register ends beyond 65535/],
    [[{ register: { address: 1, table: 'coil', type: 'u16' } }], /type: a coil is one bit: leave out «type»/],
    [
      [{ register: { address: 1, table: 'discrete', scale: 2 } }],
      /a discrete input is one bit: leave out «scale»/,
    ],
    [
      [{ register: { address: 1, type: 'u16', bit: 1, bits: { from: 1, count: 2 } } }],
      /«bit» or «bits», not both/,
    ],
    [
      [{ register: { address: 1, type: 'i16', bit: 1 } }],
      /bit: bits are taken of a u16 or u32, not of type i16/,
    ],
    [
      [{ register: { address: 1, type: 'u16', bits: { from: 12, count: 5 } } }],
      /bits: bit 16 lies outside of a u16/,
    ],
    [
      [{ register: { address: 1, type: 'u16', bit: 1, missing: 3 } }],
      /missing: a field of bits has no value/,
    ],
    [[{ register: { address: 1, type: 'u16' } }, {}], /1\.register: «c1» has no register, others have/],
    [[{ kind: 'text', register: { address: 1, type: 'u16' } }], /a text cannot be read from a register/],
    [
      [{ register: { address: 10, type: 'u32' } }, { register: { address: 11, type: 'u16' } }],
      /1\.register\.address: the register cuts into the one of «c0»/,
    ],
    [[{ column: 'c1' }, {}], /1\.column: «c1» is the column of an earlier channel/],
  ])('%j is refused', (channels, sentence) => {
    const loaded = load(...channels);
    expect(loaded).toMatchObject({ ok: false, message: expect.stringMatching(sentence) });
    expect(loaded).toMatchObject({ message: expect.stringMatching(/m\.yaml:\d+:\d+: [^\n]+$/) });
  });
});

describe('values', () => {
  it('go into registers and back, within the range', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('u16', 'i16', 'u32', 'i32', 'u64', 'i64'),
        fc.constantFrom(1, 0.1, 0.01, 2),
        fc.constantFrom(0, -40),
        fc.integer({ min: 0, max: 32_000 }),
        fc.boolean(),
        (type, scale, offset, number, negative) => {
          const register = registerOf({ address: 0, type, scale, offset });
          const sample = cleanTo(2, (negative && type.startsWith('i') ? -number : number) * scale + offset);
          expect(sampleOf(register, rawOf(register, sample), 2)).toBeCloseTo(sample, 9);
          expect(sampleOf(register, rawOf(register, null), 2)).toBeNull();
          for (const far of [1e30, -1e30]) expect(sampleOf(register, rawOf(register, far), 2)).not.toBeNull();
        },
      ),
      { numRuns: 60 },
    );
  });
});
