// However many registers a controller does not have: after a few polls all others are read, only those are missing, and
// they are read when they appear.
import type { RegisterSpec } from '@vigie/model/load';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RETRY_MS, RequestPlan } from './plan.ts';
import { covers } from './requests.ts';

const register = (address: number): RegisterSpec => ({
  ...{ table: 'input', address, type: 'u16', wordOrder: 'big', byteOrder: 'big' },
  ...{ scale: 1, offset: 0, bits: null, missing: null },
});

/** One poll of a controller that has not `lacking`: addresses read, and requests it took. */
function poll(
  plan: RequestPlan,
  registers: readonly RegisterSpec[],
  lacking: ReadonlySet<number>,
  nowMs: number,
  code = 2,
): { read: Set<number>; requests: number } {
  const read = new Set<number>();
  const waiting = plan.due(nowMs);
  let requests = 0;
  for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) {
    requests++;
    const { address, count } = request;
    if ([...lacking].some((at) => at >= address && at < address + count)) {
      waiting.unshift(...plan.refused(request, code, nowMs));
      continue;
    }
    plan.answered(request);
    for (const one of registers) if (covers(request, one)) read.add(one.address);
  }
  return { read, requests };
}

it('finds what can be read, and notices what can be read again', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 2, maxLength: 60 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 8 }),
      fc.constantFrom(2, 3),
      (addresses, lacks, code) => {
        const registers = addresses.map(register);
        const lacking = new Set(lacks);
        const there = addresses.filter((address) => !lacking.has(address)).sort();
        if (there.length === 0) return;
        const plan = new RequestPlan(registers);
        expect([...poll(plan, registers, lacking, 0, code).read].sort()).toEqual(there);
        // Refused ones are not asked at each poll.
        const settled = poll(plan, registers, lacking, 1000, code);
        expect([...settled.read].sort()).toEqual(there);
        const missing = addresses.length - there.length;
        expect(settled.requests).toBe(plan.due(1000).length);
        const retried = poll(plan, registers, lacking, RETRY_MS, code);
        expect(retried.requests).toBe(settled.requests + missing);
        const back = poll(plan, registers, new Set(), 3 * RETRY_MS, code);
        expect([...back.read].sort()).toEqual([...addresses].sort());
        const few = poll(plan, registers, new Set(), 3 * RETRY_MS + 1000);
        expect([...few.read].sort()).toEqual([...addresses].sort());
        if (missing > 0) expect(few.requests).toBe(new RequestPlan(registers).due(0).length);
      },
    ),
  );
});

it('does not part requests that a failing controller refuses', () => {
  const registers = [0, 1, 2].map(register);
  const plan = new RequestPlan(registers);
  expect(poll(plan, registers, new Set([1]), 0, 4)).toEqual({ read: new Set(), requests: 1 });
  expect(poll(plan, registers, new Set(), 1000).read.size).toBe(3);
});
