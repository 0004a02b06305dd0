// Every register lies whole within one request of at most 125, with and without holes, and is read back from it.
import { type RegisterSpec, rawOf, registerCount } from '@vigie/model/load';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRequests, samples, splitAtHoles } from './requests.ts';

const register = fc.record({
  table: fc.constantFrom('input' as const, 'holding' as const),
  address: fc.integer({ min: 0, max: 2000 }),
  type: fc.constantFrom('u16' as const, 'i16' as const, 'u32' as const, 'i32' as const),
  wordOrder: fc.constantFrom('big' as const, 'little' as const),
  scale: fc.constant(1),
  bit: fc.constant(null),
});

describe('requests', () => {
  it('cover every register whole, within the bound, in few requests', () => {
    fc.assert(
      fc.property(fc.array(register, { minLength: 1, maxLength: 60 }), (registers) => {
        const whole = planRequests(registers);
        const parts = whole.flatMap((request) => splitAtHoles(request, registers));
        for (const requests of [whole, parts]) {
          for (const { address, count } of requests) {
            expect(count).toBeLessThanOrEqual(125);
            expect(address + count).toBeLessThanOrEqual(2002);
          }
          for (const one of registers) {
            const holders = requests.filter(
              ({ table, address, count }) =>
                table === one.table &&
                address <= one.address &&
                one.address + registerCount(one) <= address + count,
            );
            expect(holders.length).toBeGreaterThan(0);
          }
        }
        expect(whole.length).toBeLessThanOrEqual(2 * Math.ceil(2002 / 64));
      }),
    );
  });

  it('give back the values that the controller holds', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(register, { minLength: 1, maxLength: 20, selector: ({ address }) => address >> 1 }),
        fc.array(fc.integer({ min: -30_000, max: 30_000 }), { minLength: 20, maxLength: 20 }),
        (some, values) => {
          // Even addresses two apart: no two values share a word.
          const registers: RegisterSpec[] = some.map((one) => ({ ...one, address: one.address & ~1 }));
          const wanted = registers.map((one, i) =>
            one.type.startsWith('u') ? Math.abs(values[i]!) : values[i]!,
          );
          const words = { input: new Uint16Array(2100), holding: new Uint16Array(2100) };
          registers.forEach((one, i) => {
            const raw = rawOf(one, wanted[i]!);
            if (registerCount(one) === 1) words[one.table][one.address] = raw;
            else {
              const first = one.wordOrder === 'big' ? 0 : 1;
              words[one.table][one.address + first] = raw >>> 16;
              words[one.table][one.address + 1 - first] = raw;
            }
          });
          const answers = planRequests(registers).map((request) => {
            const bytes = new Uint8Array(2 * request.count);
            const view = new DataView(bytes.buffer);
            for (let k = 0; k < request.count; k++)
              view.setUint16(2 * k, words[request.table][request.address + k]!);
            return { request, bytes };
          });
          expect(
            samples(
              registers,
              registers.map(() => null),
              answers,
            ),
          ).toEqual(wanted);
          const refused = answers.map(({ request }) => ({ request, bytes: null }));
          expect(
            samples(
              registers,
              registers.map(() => null),
              refused,
            ),
          ).toEqual(registers.map(() => null));
        },
      ),
    );
  });
});
