// Every register lies whole within one request of at most 125 registers or 2000 bits, however requests are parted, and
// is read back from it: all types, orders of words and bytes, fields of bits, scales.
import { cleanTo, type RegisterSpec, type RegisterType, registerCount } from '@vigie/model/load';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Answer,
  answerBytes,
  covers,
  isAnswered,
  planRequests,
  type ReadRequest,
  samples,
  split,
} from './requests.ts';

const plain: Omit<RegisterSpec, 'table' | 'address' | 'type'> = {
  wordOrder: 'big',
  byteOrder: 'big',
  scale: 1,
  offset: 0,
  bits: null,
  missing: null,
};
const order = fc.constantFrom('big' as const, 'little' as const);
const ofWords = fc.record({
  table: fc.constantFrom('input' as const, 'holding' as const),
  address: fc.integer({ min: 0, max: 2000 }),
  type: fc.constantFrom<RegisterType[]>('u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'f32', 'f64'),
  wordOrder: order,
  byteOrder: order,
});
const ofBits = fc.record({
  table: fc.constantFrom('coil' as const, 'discrete' as const),
  address: fc.integer({ min: 0, max: 9000 }),
  type: fc.constant<RegisterType>('bool'),
});
const register = fc.oneof(ofWords, ofBits).map((some): RegisterSpec => ({ ...plain, ...some }));

describe('requests', () => {
  it('cover every register whole, within the bound, in few requests, also when parted', () => {
    fc.assert(
      fc.property(fc.array(register, { minLength: 1, maxLength: 60 }), (registers) => {
        const whole = planRequests(registers);
        const parts = whole.flatMap((request) => split(request, registers));
        for (const requests of [whole, parts]) {
          for (const request of requests) {
            const bits = request.table === 'coil' || request.table === 'discrete';
            expect(request.count).toBeLessThanOrEqual(bits ? 2000 : 125);
          }
          for (const one of registers) expect(requests.some((request) => covers(request, one))).toBe(true);
        }
        const tables = new Set(registers.map(({ table }) => table));
        expect(whole.length).toBeLessThanOrEqual(tables.size * Math.ceil(2004 / 64));
      }),
    );
  });

  it('are parted down to single registers', () => {
    fc.assert(
      fc.property(fc.array(register, { minLength: 1, maxLength: 40 }), (registers) => {
        let requests = planRequests(registers);
        for (let depth = 0; depth < 12; depth++)
          requests = requests.flatMap((request) => split(request, registers));
        for (const request of requests) {
          const within = registers.filter((one) => covers(request, one));
          // What is left in one request shares registers.
          const first = Math.min(...within.map(({ address }) => address));
          const reach = within
            .sort((a, b) => a.address - b.address)
            .reduce((end, one) => {
              expect(one.address).toBeLessThan(Math.max(end, first + 1));
              return Math.max(end, one.address + registerCount(one));
            }, first);
          expect([request.address, request.count]).toEqual([first, reach - first]);
        }
      }),
    );
  });
});

/** A controller's memory, written without a look at how the edge reads. */
class Memory {
  readonly bytes = new Map<string, number>();
  readonly bits = new Map<string, number>();

  write({ table, address, type, wordOrder, byteOrder }: RegisterSpec, value: number): void {
    if (type === 'bool') {
      this.bits.set(`${table} ${address}`, value);
      return;
    }
    const view = Buffer.alloc(8);
    const size = 2 * registerCount({ type });
    const writers: Record<Exclude<RegisterType, 'bool'>, () => void> = {
      u16: () => view.writeUInt16BE(value),
      i16: () => view.writeInt16BE(value),
      u32: () => view.writeUInt32BE(value),
      i32: () => view.writeInt32BE(value),
      u64: () => view.writeBigUInt64BE(BigInt(value)),
      i64: () => view.writeBigInt64BE(BigInt(value)),
      f32: () => view.writeFloatBE(value),
      f64: () => view.writeDoubleBE(value),
    };
    writers[type]();
    let wire = view.subarray(0, size);
    // ABCD, CDAB, BADC, DCBA: as controllers' manuals call them.
    if (wordOrder === 'little') wire = Buffer.from(wire).swap16().reverse();
    if (byteOrder === 'little') wire = Buffer.from(wire).swap16();
    for (const [i, byte] of wire.entries()) this.bytes.set(`${table} ${2 * address + i}`, byte);
  }

  answer(request: ReadRequest): Answer {
    const { table, address, count } = request;
    const bytes = new Uint8Array(answerBytes(request));
    if (table === 'coil' || table === 'discrete') {
      for (let k = 0; k < count; k++)
        if (this.bits.get(`${table} ${address + k}`) === 1)
          bytes[k >> 3] = (bytes[k >> 3] ?? 0) | (1 << (k % 8));
    } else for (const i of bytes.keys()) bytes[i] = this.bytes.get(`${table} ${2 * address + i}`) ?? 0;
    return { request, bytes };
  }
}

const RANGE: Record<RegisterType, fc.Arbitrary<number>> = {
  u16: fc.integer({ min: 0, max: 0xffff }),
  i16: fc.integer({ min: -0x8000, max: 0x7fff }),
  u32: fc.integer({ min: 0, max: 0xffff_ffff }),
  i32: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  u64: fc.maxSafeNat(),
  i64: fc.maxSafeInteger(),
  f32: fc.float({ noDefaultInfinity: true, noNaN: true }),
  f64: fc.double({ noDefaultInfinity: true, noNaN: true }),
  bool: fc.integer({ min: 0, max: 1 }),
};

describe('samples', () => {
  it('are the values that the controller holds', () => {
    const cell = fc
      .uniqueArray(register, { minLength: 1, maxLength: 25, selector: ({ address }) => address >> 2 })
      .chain((some) => {
        // Addresses four apart: no two values share a register.
        const registers = some.map((one) => ({ ...one, address: one.address & ~3 }));
        return fc.tuple(fc.constant(registers), fc.tuple(...registers.map(({ type }) => RANGE[type])));
      });
    fc.assert(
      fc.property(cell, ([registers, given]) => {
        // A negative zero is a zero.
        const values = given.map((value) => value + 0);
        const memory = new Memory();
        for (const [i, one] of registers.entries()) memory.write(one, values[i] ?? 0);
        const answers = planRequests(registers).map((request) => memory.answer(request));
        const decimals = registers.map(() => null);
        expect(samples(registers, decimals, answers)).toEqual(values);
        // Some requests refused: their channels are missing, the others stay.
        const refused = answers.map((answer, i) => (i % 2 === 0 ? { ...answer, bytes: null } : answer));
        expect(samples(registers, decimals, refused)).toEqual(
          registers.map((one, i) => (isAnswered(one, refused) ? values[i] : null)),
        );
        expect(samples(registers, decimals, [])).toEqual(registers.map(() => null));
      }),
    );
  });

  it('are fields of bits, scaled and shifted, and missing where a value says so', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<('u16' | 'u32')[]>('u16', 'u32'),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.integer({ min: 0, max: 31 }),
        fc.integer({ min: 1, max: 32 }),
        fc.constantFrom(1, 0.1, 0.5, 10),
        fc.constantFrom(0, -40, 273.15),
        (type, word, from, wide, scale, offset) => {
          const width = 16 * registerCount({ type });
          const bits = { from: from % width, count: Math.min(wide, width - (from % width)) };
          const value = word % 2 ** width;
          const one: RegisterSpec = { ...plain, table: 'input', address: 7, type, scale, offset, bits };
          const memory = new Memory();
          memory.write(one, value);
          const read = (register: RegisterSpec): number | null =>
            samples([register], [2], [memory.answer({ table: 'input', address: 7, count: width / 16 })])[0] ??
            null;
          const written = value.toString(2).padStart(width, '0');
          const field = written.slice(width - bits.from - bits.count, width - bits.from);
          expect(read(one)).toBe(cleanTo(2, Number.parseInt(field, 2) * scale + offset));
          expect(read({ ...one, bits: null, missing: value })).toBeNull();
          expect(read({ ...one, bits: null, missing: value + 1 })).toBe(cleanTo(2, value * scale + offset));
        },
      ),
    );
  });
});
