// Settings of a machine: what is refused has a reason, what is laid over a schema always rises, what a newer program
// wrote is kept as far as it is understood.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitsRise, machineSchemaSchema } from './schema.ts';
import {
  type ChannelOverrides,
  type MachineSettings,
  mistakesIn,
  overridden,
  readSettings,
} from './settings.ts';

const names = { fr: 'x', en: 'x' };
const schema = machineSchemaSchema.parse({
  model: 'test',
  names,
  channels: [
    { id: 't', kind: 'number', names, band: { low: 2, high: 8 }, limits: { warningHigh: 8, alarmHigh: 10 } },
    { id: 'bare', kind: 'number', names },
    { id: 'word', kind: 'text', names },
  ],
});
const settings = (channels: ChannelOverrides): MachineSettings => ({
  intervalMs: 60_000,
  dataBudgetMb: null,
  channels,
});
const shown = (channels: ChannelOverrides, id = 't') =>
  overridden(schema, channels).channels.find((channel) => channel.id === id);

const limit = fc.option(fc.integer({ min: -20, max: 20 }));
const override = fc.record(
  {
    names: fc.record({ fr: fc.constant('Nom'), en: fc.constant('Name') }, { requiredKeys: [] }),
    band: fc.option(fc.record({ low: fc.integer({ max: 9 }), high: fc.integer({ max: 9 }) })),
    limits: fc.record(
      { alarmLow: limit, warningLow: limit, warningHigh: limit, alarmHigh: limit },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);
const overrides = fc.dictionary(fc.constantFrom('t', 'bare', 'word', 'other'), override, {
  noNullPrototype: true,
});

describe('settings', () => {
  it('are without mistake exactly when all of them shows', () => {
    fc.assert(
      fc.property(overrides, (channels) => {
        const result = overridden(schema, channels);
        for (const [i, channel] of result.channels.entries()) {
          if (channel.limits !== null) expect(limitsRise(channel.limits)).toBe(true);
          expect({ ...channel, names: 0, band: 0, limits: 0 }).toEqual({
            ...schema.channels[i],
            names: 0,
            band: 0,
            limits: 0,
          });
        }
        machineSchemaSchema.parse(result);
        const all = Object.entries(channels).every(([id, { names: name, band, limits }]) => {
          const channel = result.channels.find((one) => one.id === id);
          if (channel === undefined) return false;
          const named = Object.entries(name ?? {}).every(
            ([language, text]) => channel.names[language as 'fr' | 'en'] === text,
          );
          const banded = band === undefined || JSON.stringify(channel.band) === JSON.stringify(band);
          const limited = Object.entries(limits ?? {}).every(
            ([key, value]) => (channel.limits?.[key as 'alarmLow'] ?? null) === value,
          );
          return named && banded && limited;
        });
        if (mistakesIn(settings(channels), schema).length === 0) expect(all).toBe(true);
        else if (channels.word?.limits === undefined) expect(all).toBe(false);
      }),
    );
  });

  it('replace one limit and leave the others; none of them leaves no limits', () => {
    expect(shown({ t: { limits: { alarmHigh: 12 } } })?.limits).toMatchObject({
      warningHigh: 8,
      alarmHigh: 12,
    });
    expect(shown({ t: { limits: { alarmHigh: null, warningHigh: null } } })?.limits).toBeNull();
    expect(shown({ bare: { limits: { alarmLow: 1 } } }, 'bare')?.limits).toMatchObject({
      alarmLow: 1,
      alarmHigh: null,
    });
    expect(shown({ t: { names: { fr: 'Bouilleur' } } })?.names).toEqual({ fr: 'Bouilleur', en: 'x' });
    expect(shown({ t: { band: null } })?.band).toBeNull();
    expect(overridden(schema, {})).toBe(schema);
  });

  it('say each mistake in one sentence', () => {
    const mistakes = mistakesIn(
      settings({
        other: { names: { fr: 'a' } },
        t: { limits: { alarmHigh: 3 }, band: { low: 5, high: 5 } },
        word: { limits: { alarmHigh: 1 } },
      }),
      schema,
    );
    expect(mistakes).toEqual([
      'there is no channel «other»: the machine has t, bare, word',
      't: the band must rise, and 5 is not below 5',
      't: limits must rise from alarmLow to alarmHigh, and these do not: warningHigh 8, alarmHigh 3',
      'word: a text has no limits',
    ]);
    // Before the machine has sent its channels, what is set can only contradict itself.
    expect(mistakesIn(settings({ other: { limits: { alarmHigh: 3 } } }), null)).toEqual([]);
    expect(mistakesIn(settings({ other: { limits: { alarmLow: 4, alarmHigh: 3 } } }), null)).toHaveLength(1);
  });

  it('of a newer program hold as far as they are understood', () => {
    const read = readSettings({
      ...settings({ t: { limits: { alarmHigh: 12 } } }),
      colour: 'red',
      channels: { t: { limits: { alarmHigh: 12, deadband: 1 }, delay: { onMs: 5 } } },
    });
    expect(read).toEqual({
      ok: true,
      settings: settings({ t: { limits: { alarmHigh: 12 } } }),
      unknown: ['channels.t.limits.deadband', 'channels.t.delay', 'colour'],
    });
  });

  it('of another form are refused with their place, whatever they are', () => {
    expect(readSettings({ ...settings({}), intervalMs: 5 })).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^intervalMs: /),
    });
    const hostile = '{"intervalMs":1000,"dataBudgetMb":null,"channels":{"__proto__":{"band":null}}}';
    expect(readSettings(JSON.parse(hostile))).toMatchObject({ ok: true, unknown: ['channels.__proto__'] });
    fc.assert(fc.property(fc.jsonValue(), (value) => void readSettings(value)));
  });
});
