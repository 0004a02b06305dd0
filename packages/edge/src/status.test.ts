// What a person at the machine reads: what is wrong comes first and is marked, the rest in words.
import { describe, expect, it } from 'vitest';
import { inWords, report } from './status.ts';

const NOW = 1_700_000_000_000;
const well = {
  machine: 'TV-12',
  rows: 812,
  failedPolls: 2,
  unreadable: [] as string[],
  controllerProblem: null,
  diskProblem: null,
  linkProblem: null,
  backlogRows: 42,
  lostRows: 0,
  spoolBytes: 12_000_000,
  spoolMostBytes: 2_000_000_000,
  linkForMs: 3 * 3_600_000 + 120_000,
  nextDialInMs: null,
  serverClock: { agoMs: 10_000, errorMs: 24, boxAheadMs: 40 },
  settings: {
    intervalMs: 60_000,
    dataBudgetMb: 250,
    overrides: ['t_evap'],
    fromServer: true,
    refused: null,
    unknown: [],
  },
  data: {
    monthBytes: 12_300_000,
    forecastBytes: 24_600_000,
    thrift: 'within' as const,
    intervalMs: 60_000,
    countedBy: 'interface' as const,
  },
  modem: {
    ...{ present: true, problem: null, model: 'EC25', operator: 'Orange F', technology: '4G' },
    ...{ rssiDbm: -66, rsrpDbm: -96, rsrqDb: -10, sinrDb: 14, address: '10.64.12.7' },
    tried: { bearer: 2, reboot: 0 },
  },
  acknowledgedAgoMs: 12_000,
  bootNumber: 7,
  notices: [],
  writtenMs: NOW - 2000,
  pid: 4711,
};
type Status = Parameters<typeof report>[0];
const words = (changes: Partial<Status> = {}, alive = true) => {
  const found = report({ ...well, ...changes }, NOW, alive);
  return { ok: found.ok, lines: inWords(found).split('\n') };
};

describe('vigie-edge status', () => {
  it('says each part in words', () => {
    expect(words()).toEqual({
      ok: true,
      lines: [
        '  Machine     TV-12',
        '  Agent       running (process 4711)',
        '  Controller  answers (812 rows, 2 reads failed)',
        '  Spool       42 rows wait to be acknowledged; 12.0 MB of 2000 MB (0.6 %)',
        "  Clock       dated by the server 12 s ago to ± 24 ms; this box's own clock agrees",
        '  Link        connected for 3 h 2 min',
        '  Server      last acknowledgement 14 s ago',
        '  Modem       Orange F 4G; RSSI -66 dBm, RSRP -96 dBm, RSRQ -10 dB, SINR 14 dB; address 10.64.12.7; tried so far: bearer 2×',
        "  Data        12.3 MB of 250 MB this month, 24.6 MB by its end; within the budget; counted by the interface's counter",
        '  Settings    a block every 60 s, 250 MB a month; names or limits of its own: t_evap',
        '  Boot        number 7',
      ],
    });
  });

  const wrong: [Partial<Status>, RegExp][] = [
    [{ data: { ...well.data, thrift: 'held' } }, /^! Data .*ROWS WAIT/],
    [
      { modem: { ...well.modem, present: false, problem: 'NO SIM: put one in' } },
      /^! Modem +NO SIM: put one in; Orange/,
    ],
    [{ unreadable: ['t_evap', 'p_vac'] }, /^! Channels .*t_evap, p_vac/],
    [
      { controllerProblem: 'no answer from 10.0.0.2' },
      /^! Controller +DOES NOT ANSWER: no answer from 10\.0\.0\.2/,
    ],
    [{ diskProblem: 'SQLITE_FULL' }, /^! Disk +CANNOT BE WRITTEN \(SQLITE_FULL\)/],
    [{ lostRows: 3 }, /^! Lost +3 rows/],
    [{ spoolBytes: 1_950_000_000, backlogRows: 900_000 }, /^! Spool +NEARLY FULL.*\(98 %\)/],
    [
      { linkProblem: 'ECONNREFUSED', linkForMs: 500_000, nextDialInMs: 30_000 },
      /^! Link +DOWN for 8 min 22 s: ECONNREFUSED; next try in 28 s/,
    ],
    [{ linkProblem: 'not connected yet' }, /; trying now$/],
    [
      { settings: { ...well.settings, refused: 'limits must rise' } },
      /^! Settings +REFUSED .*: limits must rise/,
    ],
    [{ notices: ['edge.yaml: damaged'] }, /^! Files +edge\.yaml: damaged/],
    [{ writtenMs: NOW - 3_600_000 }, /^! Agent +NOT RUNNING: last sign 60 min 0 s ago/],
  ];
  it.each(wrong)('marks what is wrong, and says it first: %j', (changes, line) => {
    const { ok, lines } = words(changes);
    expect(ok).toBe(false);
    expect(lines[1]).toMatch(line);
    expect(lines.slice(2).every((other) => other.startsWith('  '))).toBe(true);
  });

  it('knows an agent that is gone, and one that wrote after a step of the clock', () => {
    expect(words({}, false).ok).toBe(false);
    expect(words({ writtenMs: NOW + 9e9 }).ok).toBe(true);
  });

  it('says of the clock what it knows', () => {
    const clock = (serverClock: Status['serverClock']) =>
      words({ serverClock }).lines.find((line) => line.includes('Clock'));
    expect(clock(null)).toContain(
      'no date since the agent started: rows are kept, and dated at the next contact',
    );
    expect(clock({ agoMs: 0, errorMs: 30, boxAheadMs: -30 * 86_400_000 })).toContain(
      "this box's own clock is 30 days behind; rows do not depend on it",
    );
    expect(clock({ agoMs: 0, errorMs: 3000, boxAheadMs: 5000 })).toContain('agrees');
  });
});
