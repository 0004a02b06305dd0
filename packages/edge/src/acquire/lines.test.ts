// Lines over hours: instants within their bound, silence told as what it is, a port that moves or is away, by a clock
// that passes when told. The real port is in serial.test.ts.
import { machineSchemaSchema } from '@vigie/model';
import { expect, it } from 'vitest';
import { LinesSource } from './lines.ts';
import { boundMs } from './placing.ts';
import type { OpenSerial, SerialEvents } from './serial.ts';
import type { SampledRow } from './source.ts';
import { VirtualClock } from './virtual-clock.test-support.ts';

const names = { fr: 'x', en: 'x' };
const schema = machineSchemaSchema.parse({
  ...{ model: 'test', names, intervalMs: 1000 },
  channels: [{ id: 'n', names, kind: 'counter', decimals: 0 }],
});

it('dates rows, tells silence, and finds the port again', async () => {
  const clock = new VirtualClock(1_000_000);
  const opened: number[] = [];
  const end: { port?: SerialEvents } = {};
  let [there, moved, closed] = [true, false, 0];
  const openSerial: OpenSerial = async (_, events) => {
    opened.push(clock.monotonicMs());
    if (!there) return { ok: false, message: 'there is no such port' };
    end.port = events;
    return { ok: true, value: { write: () => {}, moved: () => moved, close: () => void closed++ } };
  };
  const source = new LinesSource({
    ...{ schema, columns: ['n'], clock, openSerial },
    settings: {
      ...{ port: '/dev/x', baudRate: 9600, parity: 'none', dataBits: 8, stopBits: 1 },
      ...{ format: 'csv', header: false },
    },
    axis: { bootId: 'x', nowMs: () => 0, anchor: () => ({ monotonicMs: 0, utcMs: 0, errorMs: 0 }) },
  });
  const rows: SampledRow[] = [];
  const problems: (string | null)[] = [];
  const silences: number[] = [];
  source.start({
    row: (row) => void rows.push(row),
    problem: (problem) => void problems.push(problem),
    silent: (count) => void silences.push(count),
    wantsMore: () => true,
    ended: () => {},
  });
  const arrivals: number[] = [];
  const print = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      // A clock 200 ppm fast, and a jitter of some ms; a line is written for 30 ms.
      await clock.pass(969.8 + ((arrivals.length * 7) % 5));
      arrivals.push(clock.monotonicMs());
      end.port?.data(new TextEncoder().encode(`${arrivals.length}`));
      await clock.pass(30 - (((arrivals.length - 1) * 7) % 5));
      end.port?.data(Uint8Array.of(13, 10));
    }
  };
  await print(3600);
  expect(rows).toHaveLength(3600);
  for (const [i, { monotonicMs, values }] of rows.entries()) {
    expect(values).toEqual([i + 1]);
    expect(Math.abs(monotonicMs - (arrivals[i] ?? 0))).toBeLessThanOrEqual(boundMs(1000));
  }
  const steps = rows.slice(1).map(({ monotonicMs }, i) => monotonicMs - (rows[i]?.monotonicMs ?? 0));
  // An hour's drift is 720 ms: about one step off the pace per 50 ms.
  expect(steps.filter((step) => step !== 1000).length).toBeLessThan(20);
  expect(problems).toEqual([]);

  await clock.pass(60_000);
  expect(source.state().problem).toBe('/dev/x: nothing comes');
  end.port?.data(new TextEncoder().encode('no number\n'));
  await clock.pass(3000);
  expect(source.state().problem).toBe('/dev/x: lines come that cannot be read: a line without a number');
  await print(1);
  expect(source.state()).toMatchObject({ problem: null, rows: 3601, failedPolls: 1 });
  expect(silences).toEqual([63]);

  // Its name leads elsewhere although nothing closed.
  moved = true;
  await clock.pass(5000);
  moved = false;
  expect([opened.length, closed]).toEqual([2, 1]);
  // Pulled out for ten minutes: tried every ten seconds at last.
  there = false;
  end.port?.gone();
  expect(source.state().problem).toBe('/dev/x: the port is gone: unplugged?');
  await clock.pass(600_000);
  expect(opened.length).toBeGreaterThan(50);
  expect(opened.length).toBeLessThan(75);
  there = true;
  await clock.pass(10_000);
  await print(2);
  expect(source.state()).toMatchObject({ problem: null, rows: 3603 });
  source.stop();
  const attempts = opened.length;
  await clock.pass(100_000);
  expect(opened).toHaveLength(attempts);
});
