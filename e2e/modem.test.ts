// The modem's readers, watch and ladder before a fake modem on a pseudo-terminal: what each maker's answers become, through
// garbage and unsolicited lines; a modem that falls silent, goes away and comes back under another name; every remedy in its turn.
// What mmcli says is read from texts of its format. No real modem was at hand.
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realClock } from '@vigie/config';
import { VirtualClock } from '@vigie/protocol/virtual-clock';
import { afterEach, describe, expect, it } from 'vitest';
import { Cable } from '../packages/edge/src/acquire/pty.test-support.ts';
import { openSerial } from '../packages/edge/src/acquire/serial.ts';
import { AtModem } from '../packages/edge/src/modem/at-modem.ts';
import type { KeptLadder } from '../packages/edge/src/modem/ladder.ts';
import { ManagedModem, readingOf } from '../packages/edge/src/modem/mmcli.ts';
import type { ModemReading } from '../packages/edge/src/modem/modem.ts';
import { ModemWatch } from '../packages/edge/src/modem/modem-watch.ts';
import { FakeModem, readDialogue } from '../packages/simulator/src/fake-modem.ts';
import { root, until } from './world.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const dialogue = (name: string) =>
  readDialogue(readFileSync(join(root, 'e2e', 'modem-dialogues', `${name}.txt`), 'utf8'));
const NAMES = globSync(join(root, 'e2e', 'modem-dialogues', '*.txt')).map((file) =>
  file.replace(/^.*\/(.*)\.txt$/, '$1'),
);

async function plugged(name: string) {
  const cable = await Cable.plugged();
  closers.push(() => cable.dispose());
  const { script, expected } = dialogue(name);
  const fake = await FakeModem.on(cable.machine, script);
  closers.push(() => fake.close());
  const modem = new AtModem({ port: cable.edge, openSerial, clock: realClock() });
  closers.push(() => modem.close());
  return { cable, fake, modem, expected, script };
}

describe('a modem on a serial port', () => {
  it.each(NAMES)('is read: %s', async (name) => {
    const { modem, expected } = await plugged(name);
    expect(await modem.read()).toEqual({ ok: true, value: expected });
  });

  it('is read through garbage and unsolicited lines', async () => {
    const { modem, fake, expected } = await plugged('ec25-lte');
    for (const noise of [
      '\r\nRING\r\n\r\n+CMTI: "SM",3\r\n',
      '\r\n+CREG: 3\r\n\r\n+CEREG: 2,"0000","00000000",0\r\n',
      '\x00\xff\x1b[2J\r\n\r\n\r\n',
      `\r\n${'x'.repeat(40_000)}\r\n`,
    ]) {
      fake.manners.noise = noise;
      expect(await modem.read()).toEqual({ ok: true, value: expected });
    }
  });

  it('that falls silent, goes away and comes back under another name is found again', async () => {
    const { cable, fake, script, expected } = await plugged('sim800-gprs');
    const folder = mkdtempSync(join(tmpdir(), 'vigie-ports-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    symlinkSync(cable.terminal, join(folder, 'usb-Modem-if02-port0'));
    const modem = new AtModem({ port: join(folder, 'usb-*-port0'), openSerial, clock: realClock() });
    closers.push(() => modem.close());
    expect(await modem.read()).toMatchObject({ ok: true });
    fake.manners.silent = true;
    expect(await modem.read()).toEqual({ ok: false, message: 'no answer' });
    fake.manners.silent = false;
    await cable.unplug();
    rmSync(join(folder, 'usb-Modem-if02-port0'));
    expect(await modem.read()).toMatchObject({ ok: false, message: expect.stringContaining('no port') });
    await cable.plug();
    const again = await FakeModem.on(cable.machine, script);
    closers.push(() => again.close());
    symlinkSync(cable.terminal, join(folder, 'usb-Modem_2-if02-port0'));
    expect(await modem.read()).toEqual({ ok: true, value: expected });
  });
});

describe('the watch', () => {
  it('tries every remedy in its turn, keeps the count, and stops when the link is back', async () => {
    const { modem, fake } = await plugged('ec25-lte');
    // Restarting would close the port; the same commands count.
    for (const command of ['AT+CGACT=0,1', 'AT+CGACT=1,1', 'AT+CFUN=4', 'AT+CFUN=1', 'AT+CFUN=1,1'])
      fake.script.set(command, ['OK']);
    const clock = new VirtualClock();
    const [done, said]: [string[], string[]] = [[], []];
    let [linked, networkWorks, kept]: [boolean, boolean, KeptLadder | null] = [false, true, null];
    const by = (name: string) => async () => {
      done.push(name);
      return { ok: true, value: undefined } as const;
    };
    let asked = 0;
    const watch = new ModemWatch({
      modem: {
        read: () => modem.read(),
        remedy: (which) => modem.remedy(which),
        close: () => undefined,
      },
      clock,
      powerKey: by('power key'),
      reboot: by('reboot'),
      networkWorks: async () => {
        asked++;
        return networkWorks;
      },
      link: () => ({ linked, resting: false }),
      kept: null,
      keep: (ladder) => {
        kept = ladder;
        return { ok: true, value: undefined };
      },
      sessionBegan: () => done.push('session'),
      say: (message) => said.push(message),
    });
    closers.push(() => watch.stop());
    watch.start();
    /** Time goes on by half a minute a look, until `what`. */
    const liveUntil = (what: string, ready: () => boolean): Promise<boolean> =>
      until(what, () => {
        clock.advance(30_000);
        return ready();
      });
    const remedies = () => fake.heard.filter((command) => /CFUN|CGACT=/.test(command));
    await until('the first look', () => watch.view.present);
    // The server is down and the network works: nothing, however often it is looked.
    const askedBefore = asked;
    await liveUntil('the network to be asked for', () => asked > askedBefore + 3);
    expect(remedies()).toEqual([]);
    expect(kept).toBeNull();
    networkWorks = false;
    const all = ['AT+CGACT=0,1', 'AT+CGACT=1,1', 'AT+CFUN=4', 'AT+CFUN=1', 'AT+CFUN=1,1'];
    await liveUntil('a reboot', () => done.includes('reboot'));
    expect(remedies()).toEqual(all);
    expect(done).toEqual(['session', 'power key', 'reboot']);
    expect(kept).toMatchObject({ counts: { bearer: 1, radio: 1, reset: 1, 'power-key': 1, reboot: 1 } });
    linked = true;
    await liveUntil('the ladder to begin anew', () => kept?.next === 0);
    expect(kept).toMatchObject({ rounds: 0 });
    expect(watch.view).toMatchObject({ problem: null, tried: { reboot: 1 } });
  });
});

describe('what ModemManager says', () => {
  const modem = (changes: object = {}, state = 'registered') =>
    JSON.stringify({
      modem: {
        '3gpp': { 'operator-name': 'Orange F', 'registration-state': 'home' },
        generic: {
          model: 'QUECTEL Mobile Broadband Module',
          state,
          'state-failed-reason': '--',
          'unlock-required': 'sim-pin2',
          'access-technologies': ['lte'],
          bearers: ['/org/freedesktop/ModemManager1/Bearer/0'],
          ...changes,
        },
      },
    });
  const signal = JSON.stringify({
    modem: {
      signal: {
        '5g': { rsrp: '--', rsrq: '--', snr: '--' },
        gsm: { rssi: '--' },
        lte: { rsrp: '-96.00', rsrq: '-10.00', rssi: '-66.00', snr: '14.20' },
        umts: { rssi: '--' },
      },
    },
  });
  const bearer = JSON.stringify({
    bearer: { 'ipv4-config': { address: '10.64.12.7' }, 'ipv6-config': { address: '--' } },
  });
  const facts = (value: string): Partial<ModemReading> => {
    const read = readingOf(value, signal, bearer);
    return read.ok ? read.value : {};
  };

  it('is read, and what is not known is null', () => {
    expect(facts(modem())).toEqual({
      ...{
        model: 'QUECTEL Mobile Broadband Module',
        sim: 'ready',
        registration: 'home',
        operator: 'Orange F',
      },
      ...{ technology: '4G', rssiDbm: -66, rsrpDbm: -96, rsrqDb: -10, sinrDb: 14.2, address: '10.64.12.7' },
    });
    expect(facts(modem({ 'state-failed-reason': 'sim-missing' }, 'failed'))).toMatchObject({
      sim: 'missing',
    });
    expect(facts(modem({ 'unlock-required': 'sim-pin' }, 'locked'))).toMatchObject({ sim: 'locked' });
    expect(readingOf(modem({ 'access-technologies': ['gprs'] }), '', '')).toMatchObject({
      value: { technology: '2G', rssiDbm: null, address: null },
    });
    expect(readingOf('error: no modem', '', '')).toMatchObject({ ok: false });
  });

  it('is asked and obeyed by its commands', async () => {
    const ran: string[] = [];
    const managed = new ManagedModem(async (args) => {
      ran.push(args.join(' '));
      return {
        ok: true,
        value: args.includes('--signal-get') ? signal : args[1] === '-b' ? bearer : modem(),
      };
    }, 'orange.m2m');
    expect(await managed.read()).toMatchObject({ ok: true, value: { rsrpDbm: -96, address: '10.64.12.7' } });
    ran.length = 0;
    for (const which of ['bearer', 'radio', 'reset'] as const) await managed.remedy(which);
    expect(ran).toEqual([
      '-m any --simple-disconnect',
      '-m any --simple-connect=apn=orange.m2m',
      '-m any --disable',
      '-m any --enable',
      '-m any --reset',
    ]);
  });
});
