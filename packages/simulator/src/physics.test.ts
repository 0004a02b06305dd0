// Three weeks of each machine: plausible throughout, quiet when nothing is told to go wrong, repeatable.
import { evaluate } from '@vigie/model';
import { loadModel } from '@vigie/model/load';
import { describe, expect, it } from 'vitest';
import { createMachine, demoStory, type Kind, readRow } from './index.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 9, 1);

describe.each<Kind>(['turbevap', 'chiller'])('%s', (kind) => {
  const loaded = loadModel(`models/${kind}.yaml`);
  if (!loaded.ok) throw new Error(loaded.message);
  const model = loaded.value;
  const stateIndex = model.schema.channels.findIndex(({ id }) => id === model.schema.stateChannel);

  it('runs three weeks in plausible ranges, and steady running crosses no limit', () => {
    const machine = createMachine(kind, { seed: 7, utcMs: START });
    const crossed = new Map<string, number>();
    let settled = 0;
    let stateBefore = -1;
    for (let t = 0; t < 21 * DAY_MS; t += 10_000) {
      machine.step(10_000);
      if (t % 60_000 !== 0) continue;
      const row = readRow(machine, model, 0);
      const state = row[stateIndex] ?? 0;
      settled = state === stateBefore ? settled + 1 : 0;
      stateBefore = state;
      model.schema.channels.forEach((channel, i) => {
        const value = row[i] ?? null;
        if (value === null) crossed.set(`${channel.id} missing`, t);
        if (channel.scale !== null && value !== null && settled > 0 && value < channel.scale.min - 1) {
          crossed.set(`${channel.id} below its scale`, value);
        }
        const level = evaluate(channel, value, state);
        // The first minute of a state is too short to raise anything.
        if (settled > 0 && /alarm|warning/.test(level)) {
          crossed.set(`${channel.id} ${level}`, value ?? 0);
        }
      });
    }
    expect([...crossed]).toEqual([]);
  });

  it('goes on the same from a snapshot', () => {
    const one = createMachine(kind, { seed: 3, utcMs: START });
    for (let i = 0; i < 500; i++) one.step(1000);
    const two = createMachine(kind, { seed: 99, utcMs: 0 });
    two.restore(JSON.parse(JSON.stringify(one.snapshot())));
    for (let i = 0; i < 500; i++) {
      one.step(1000);
      two.step(1000);
      expect(readRow(two, model, i)).toEqual(readRow(one, model, i));
    }
  });
});

describe('the demo story', () => {
  it('has an outage of hours, a shorter one, a sensor fault and limits crossed', () => {
    const now = START + 21 * DAY_MS;
    const episodes = [0, 1, 2].flatMap((index) => demoStory(index, now));
    const lengths = episodes
      .filter(({ kind }) => kind === 'edge-off')
      .map(({ fromMs, toMs }) => toMs - fromMs);
    expect(Math.max(...lengths)).toBeGreaterThan(4 * 3_600_000);
    expect(Math.min(...lengths)).toBeLessThan(3_600_000);
    expect(episodes.some(({ kind }) => kind === 'sensor-fault')).toBe(true);
    expect(episodes.some(({ kind }) => kind === 'fouling')).toBe(true);
    expect(episodes.every(({ toMs }) => toMs < now)).toBe(true);
  });
});
