// Whatever a serial line does to requests and answers (late, damaged, cut, foreign, noise), a value is taken only from
// the answer to its own request; and as soon as the line is well, values come again.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtuTransport, SETTLED_MS } from './modbus-rtu.ts';
import type { ReadRequest } from './requests.ts';
import { crc16, loopbackFrame, readFrame, received } from './rtu-frames.ts';
import type { OpenSerial, SerialEvents } from './serial.ts';
import { VirtualClock } from './virtual-clock.test-support.ts';

const UNIT = 7;
const settings = {
  port: '/dev/x',
  baudRate: 9600,
  parity: 'none',
  dataBits: 8,
  stopBits: 1,
  unit: UNIT,
} as const;

const FAULTS = ['late', 'drop', 'noise', 'damaged', 'foreign', 'cut', 'chatter', 'long'] as const;
type Fault = (typeof FAULTS)[number];
interface Step {
  readonly fault: Fault | null;
  readonly delayMs: number;
  readonly bytes: readonly number[];
}
/** What it does with a loopback, which not every controller knows. */
type Loopback = 'echoes' | 'refuses' | 'ignores';

function framed(bytes: readonly number[]): Uint8Array {
  const crc = crc16(Uint8Array.from(bytes));
  return Uint8Array.from([...bytes, crc & 0xff, crc >> 8]);
}

/** A controller at the other end: answers requests one after the other. Its registers hold the number of the request. */
class Slave {
  requests = 0;
  steps: Step[] = [];
  readonly #clock: VirtualClock;
  readonly #loopback: Loopback;
  #events: SerialEvents | null = null;
  #busyUntilMs = 0;

  constructor(clock: VirtualClock, loopback: Loopback) {
    this.#clock = clock;
    this.#loopback = loopback;
  }

  readonly open: OpenSerial = async (_, events) => {
    this.#events = events;
    return { ok: true, value: { write: (bytes) => this.#take(bytes), moved: () => false, close: () => {} } };
  };

  #take(frame: Uint8Array): void {
    expect(crc16(frame.subarray(0, -2))).toBe((frame[6] ?? 0) + 256 * (frame[7] ?? 0));
    const number = ++this.requests;
    const nowMs = this.#clock.monotonicMs();
    // Busy: it hears nothing, as half of the controllers do; else it answers later.
    const busy = this.#busyUntilMs > nowMs;
    if (busy && this.#loopback === 'ignores') return;
    const step = this.steps.shift() ?? { fault: null, delayMs: 20, bytes: [] };
    const answer = this.#answer(frame, number);
    const delayMs = step.fault === 'late' ? step.delayMs : 15;
    this.#busyUntilMs = Math.max(nowMs, this.#busyUntilMs) + delayMs;
    const send = (bytes: Uint8Array, afterMs = 0): void => {
      this.#clock.after(this.#busyUntilMs - nowMs + afterMs, () => this.#events?.data(bytes));
    };
    const noise = Uint8Array.from(step.bytes);
    if (step.fault === 'chatter') send(noise, -10);
    if (answer === null || step.fault === 'drop') return;
    switch (step.fault) {
      case 'noise':
        send(Buffer.concat([noise, answer]));
        break;
      case 'damaged': {
        const damaged = Uint8Array.from(answer);
        const at = (step.bytes[0] ?? 0) % answer.length;
        damaged[at] = (damaged[at] ?? 0) ^ ((step.bytes[1] ?? 0) | 1);
        send(damaged);
        break;
      }
      case 'foreign':
        send(framed([UNIT + 1, ...answer.subarray(1, -2)]));
        break;
      case 'cut':
        send(answer.subarray(0, (step.bytes[0] ?? 0) % answer.length));
        break;
      case 'long':
        send(Buffer.concat([answer, noise]));
        break;
      default: {
        // In pieces, as they come.
        const half = answer.length >> 1;
        send(answer.subarray(0, half));
        send(answer.subarray(half), 5);
      }
    }
  }

  #answer(frame: Uint8Array, number: number): Uint8Array | null {
    const [unit = 0, code = 0, high = 0, low = 0] = frame;
    if (code === 8) {
      if (this.#loopback === 'echoes') return frame;
      return this.#loopback === 'refuses' ? framed([unit, 0x88, 1]) : null;
    }
    const address = 256 * high + low;
    if (address >= 1000) return framed([unit, code | 0x80, 2]);
    const count = 256 * (frame[4] ?? 0) + (frame[5] ?? 0);
    const words = Array.from({ length: count }, (_, k) => (k % 2 === 0 ? number : address + k));
    return framed([unit, code, 2 * count, ...words.flatMap((word) => [word >> 8, word & 0xff])]);
  }
}

const step = fc.record<Step>({
  fault: fc.option(fc.constantFrom(...FAULTS), { nil: null, freq: 3 }),
  delayMs: fc.integer({ min: 20, max: SETTLED_MS - 200 }),
  bytes: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 2, maxLength: 30 }),
});
// Requests that only the right answer tells apart: same function, same length.
const REQUESTS: readonly ReadRequest[] = [
  { table: 'input', address: 0, count: 4 },
  { table: 'input', address: 500, count: 4 },
  { table: 'input', address: 1000, count: 4 },
];

describe('RTU', () => {
  it('takes values only from the answer to their own request, and recovers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Loopback[]>('echoes', 'refuses', 'ignores'),
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat({ max: REQUESTS.length - 1 }), { minLength: 3, maxLength: 8 }),
        async (loopback, steps, asked) => {
          const clock = new VirtualClock();
          const slave = new Slave(clock, loopback);
          slave.steps = [...steps];
          const randomness = {
            uniform: () => 0.5,
            bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)),
          };
          const transport = new RtuTransport(settings, { clock, randomness, openSerial: slave.open });
          const ask = async (request: ReadRequest): Promise<boolean> => {
            const before = slave.requests;
            expect(await clock.until(transport.open())).toMatchObject({ ok: true });
            const startedMs = clock.monotonicMs();
            const reply = await clock.until(transport.ask(request, startedMs + 800, 0));
            expect(clock.monotonicMs()).toBeLessThanOrEqual(startedMs + 810);
            if (reply.kind === 'failed') return false;
            if (reply.kind === 'exception') {
              expect(request.address).toBeGreaterThanOrEqual(1000);
              return true;
            }
            const words = [0, 2, 4, 6].map((at) => 256 * (reply.bytes[at] ?? 0) + (reply.bytes[at + 1] ?? 0));
            expect([words[1], words[3]]).toEqual([request.address + 1, request.address + 3]);
            expect(words[0]).toBe(words[2]);
            expect(words[0]).toBeGreaterThan(before);
            expect(words[0]).toBeLessThanOrEqual(slave.requests);
            return true;
          };
          for (const which of asked) {
            await ask(REQUESTS[which] ?? { table: 'input', address: 0, count: 4 });
            await clock.pass(200);
          }
          slave.steps = [];
          let answered = false;
          const wellMs = clock.monotonicMs();
          while (!answered && clock.monotonicMs() < wellMs + 15_000) {
            answered = await ask({ table: 'input', address: 0, count: 4 });
            await clock.pass(200);
          }
          expect(answered).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('frames', () => {
  it('are those of the standard', () => {
    expect(crc16(Uint8Array.from([0x01, 0x03, 0x00, 0x00, 0x00, 0x0a]))).toBe(0xcdc5);
    expect([...readFrame(0x11, { table: 'holding', address: 0x6b, count: 3 })]).toEqual([
      ...[0x11, 0x03, 0x00, 0x6b, 0x00, 0x03, 0x76, 0x87],
    ]);
    expect([...loopbackFrame(0x11, 0xa537)].slice(0, 6)).toEqual([0x11, 0x08, 0, 0, 0xa5, 0x37]);
  });

  it('are never taken for values unless whole and right', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<ReadRequest['table'][]>('input', 'holding', 'coil', 'discrete'),
        fc.integer({ min: 1, max: 125 }),
        fc.uint8Array({ maxLength: 270 }),
        (table, count, bytes) => {
          const found = received(UNIT, { table, address: 0, count }, bytes);
          expect(['more', 'wrong']).toContain(found.kind);
        },
      ),
    );
  });
});
