// Changes of settings as a person types them: what they lead to, and one sentence for each mistake.
import { type MachineSettings, machineSchemaSchema } from '@vigie/model';
import { describe, expect, it } from 'vitest';
import { changed, type SettingsFlags } from './settings.ts';

const names = { fr: 'x', en: 'x' };
const schema = machineSchemaSchema.parse({
  model: 'test',
  names,
  channels: [{ id: 't', kind: 'number', names, limits: { warningHigh: 8, alarmHigh: 10 } }],
});
const before: MachineSettings = {
  intervalMs: 60_000,
  dataBudgetMb: 100,
  channels: { t: { limits: { alarmHigh: 12 }, names: { fr: 'Bouilleur' } } },
};
const mistakes = (flags: SettingsFlags): readonly string[] => {
  const result = changed(before, flags, schema);
  return result.ok ? [] : result.mistakes;
};

describe('vigie-server settings', () => {
  it('changes what is named and leaves the rest', () => {
    expect(changed(before, { interval: 30, limit: ['t.alarmHigh=15', 't.warningLow=-2'] }, schema)).toEqual({
      ok: true,
      settings: {
        intervalMs: 30_000,
        dataBudgetMb: 100,
        channels: { t: { limits: { alarmHigh: 15, warningLow: -2 }, names: { fr: 'Bouilleur' } } },
      },
    });
    const more = {
      'budget-mb': 'none',
      limit: ['t.alarmHigh=none'],
      name: ['t.en=A = b'],
      band: ['t=-1:2.5'],
    };
    expect(changed(before, more, schema)).toMatchObject({
      settings: {
        dataBudgetMb: null,
        channels: {
          t: {
            limits: { alarmHigh: null },
            names: { fr: 'Bouilleur', en: 'A = b' },
            band: { low: -1, high: 2.5 },
          },
        },
      },
    });
    expect(changed(before, { reset: ['t'], band: ['t=none'] }, schema)).toMatchObject({
      settings: { channels: { t: { band: null } } },
    });
    expect(changed(before, { reset: ['t'] }, schema)).toMatchObject({ settings: { channels: {} } });
  });

  it('takes how long rows are kept beside what the edge is sent', () => {
    expect(changed(before, { 'keep-days': '90' }, schema)).toEqual({
      ok: true,
      settings: before,
      keepDays: 90,
    });
    expect(changed(before, { 'keep-days': 'none' }, schema)).toMatchObject({ keepDays: null });
    expect(changed(before, { interval: 30 }, schema)).toMatchObject({ keepDays: undefined });
    for (const wrong of ['0', '1.5', 'ninety', '', '-3', '40000']) {
      expect(mistakes({ 'keep-days': wrong, interval: 30 })).toEqual([
        expect.stringMatching(/^--keep-days takes whole days/),
      ]);
    }
  });

  it('says every mistake', () => {
    expect(
      mistakes({ interval: 0.5, 'budget-mb': '0', limit: ['t.high=3', 't.alarmHigh='], band: ['t=4'] }),
    ).toEqual([
      '--interval takes whole seconds from 1 to 3600, not 0.5',
      '--budget-mb takes megabytes from 1 to 1000000, or none, not «0»',
      '--band takes CHANNEL=LOW:HIGH or CHANNEL=none, not «t=4»',
      expect.stringMatching(/^--limit takes .* not «t\.high=3»/),
      expect.stringMatching(/^--limit takes .* not «t\.alarmHigh=»/),
    ]);
    expect(mistakes({ name: ['t=x', `t.fr=${'x'.repeat(81)}`], reset: ['u'] })).toHaveLength(3);
    expect(mistakes({ limit: ['u.alarmHigh=3', 't.alarmHigh=3'] })).toEqual([
      't: limits must rise from alarmLow to alarmHigh, and these do not: warningHigh 8, alarmHigh 3',
      'there is no channel «u»: the machine has t',
    ]);
    expect(mistakes({ limit: ['T!.alarmHigh=3'] })).toHaveLength(1);
    expect(mistakes({ limit: ['__proto__.alarmHigh=3'] })).toHaveLength(1);
  });
});
