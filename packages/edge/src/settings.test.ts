// Settings on the edge: those that fit are kept and found again, bad ones are refused whole and change nothing.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineSchemaSchema } from '@vigie/model';
import { afterAll, describe, expect, it } from 'vitest';
import { type EdgeHome, folderHome } from './enrolment/home.ts';
import {
  credentials,
  nextCredential,
  promoteKey,
  readIdentity,
  writeIdentity,
} from './enrolment/identity.ts';
import { SettingsInForce } from './settings.ts';

const root = mkdtempSync(join(tmpdir(), 'vigie-edge-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const names = { fr: 'x', en: 'x' };
const schemaWith = (warningHigh: number) =>
  machineSchemaSchema.parse({
    model: 'test',
    names,
    channels: [{ id: 't', kind: 'number', names, limits: { warningHigh, alarmHigh: 10 } }],
  });
const identity = { machine: 'M', host: 'h', port: 8443, pins: ['a'.repeat(64)] };
const configured = { intervalMs: 60_000, dataBudgetMb: null, channels: {} };
const good = { intervalMs: 5000, dataBudgetMb: 20, channels: { t: { limits: { alarmHigh: 12 } } } };

let folders = 0;
function newHome(): { folder: string; home: () => EdgeHome; said: string[] } {
  const folder = join(root, String(++folders));
  const said: string[] = [];
  nextCredential(folder);
  writeIdentity(folder, identity);
  return { folder, said, home: () => folderHome(folder, identity, (message) => said.push(message)) };
}
const inForce = (home: EdgeHome, warningHigh = 8) =>
  new SettingsInForce(schemaWith(warningHigh), home, configured, () => undefined);
const body = (settings: Record<string, unknown>, hash = '0123456789abcdef') => ({
  hash,
  settings,
  pins: identity.pins,
});

describe('settings on the edge', () => {
  it('are the configured ones, then those that came last and fitted, after a restart too', () => {
    const { home } = newHome();
    const settings = inForce(home());
    expect(settings.state).toMatchObject({ settings: configured, fromServer: false });
    expect(settings.answeredHash).toBeNull();
    expect(settings.take(body(good))).toEqual({ hash: '0123456789abcdef', outcome: 'applied', message: '' });
    for (const one of [settings, inForce(home())]) {
      expect(one.state).toEqual({ settings: good, fromServer: true, refused: null, unknown: [] });
      expect(one.answeredHash).toBe('0123456789abcdef');
      expect(one.schema.channels[0]?.limits).toMatchObject({ warningHigh: 8, alarmHigh: 12 });
    }
  });

  it('are refused whole with the reason, and asked for again at the next start', () => {
    const { home } = newHome();
    const settings = inForce(home());
    settings.take(body(good));
    for (const bad of [
      { ...good, intervalMs: 5 },
      { ...good, intervalMs: 9000, channels: { other: {} } },
      { ...good, intervalMs: 9000, channels: { t: { limits: { alarmHigh: 7 } } } },
      {},
    ]) {
      const answer = settings.take(body(bad, 'fedcba9876543210'));
      expect(answer.outcome).toBe('refused');
      expect(answer.message).not.toBe('');
      expect(settings.state).toMatchObject({ settings: good, refused: answer.message });
      expect(settings.answeredHash).toBe('fedcba9876543210');
    }
    const again = inForce(home());
    expect(again.state).toMatchObject({ settings: good, refused: null });
    expect(again.answeredHash).toBe('0123456789abcdef');
  });

  it('of a newer server hold as far as they are understood, and are asked for again after an update', () => {
    const { home } = newHome();
    const settings = inForce(home());
    expect(settings.take(body({ ...good, deadbands: 1 }))).toEqual({
      hash: '0123456789abcdef',
      outcome: 'applied',
      message: 'this edge is too old for deadbands',
    });
    expect(settings.answeredHash).toBe('0123456789abcdef');
    const again = inForce(home());
    expect(again.state).toMatchObject({ settings: good, unknown: ['deadbands'] });
    expect(again.answeredHash).toBeNull();
  });

  it('that no longer fit another model hold as far as they do', () => {
    const { home } = newHome();
    inForce(home()).take(body(good));
    const again = inForce(home(), 13);
    expect(again.state).toMatchObject({ settings: good, refused: expect.stringContaining('must rise') });
    expect(again.schema.channels[0]?.limits).toMatchObject({ warningHigh: 13, alarmHigh: 10 });
    expect(again.answeredHash).toBeNull();
  });
});

describe('files of the edge', () => {
  const damages: [string, (file: string) => void][] = [
    ['empty', (file) => truncateSync(file, 0)],
    ['cut short', (file) => truncateSync(file, 20)],
    ['gone', (file) => rmSync(file)],
    ['other bytes', (file) => writeFileSync(file, '\0'.repeat(64))],
  ];
  it.each(damages)('%s: the copy is used and the file made whole again', (_, damage) => {
    const { folder, home, said } = newHome();
    inForce(home()).take(body(good));
    home().keepPins(['b'.repeat(64)]);
    for (const name of ['settings.json', 'identity.json']) {
      const file = join(folder, name);
      const whole = readFileSync(file, 'utf8');
      for (const broken of [file, `${file}.previous`]) {
        damage(broken);
        expect(inForce(home()).state.settings).toEqual(good);
        expect(readIdentity(folder)).toMatchObject({ ok: true, value: { pins: ['b'.repeat(64)] } });
        expect(readFileSync(file, 'utf8')).toBe(whole);
        expect(readFileSync(`${file}.previous`, 'utf8')).toBe(whole);
      }
    }
    expect(said).toEqual([expect.stringContaining('settings.json: damaged; its copy is used')]);
  });

  it('both copies damaged: one sentence, or the settings asked for again', () => {
    const { folder, home, said } = newHome();
    inForce(home()).take(body(good));
    for (const name of ['settings.json', 'identity.json'])
      for (const end of ['', '.previous']) writeFileSync(join(folder, name + end), '{');
    expect(inForce(home()).state.settings).toEqual(configured);
    expect(said[0]).toContain("damaged; the server's settings are asked for again");
    expect(readIdentity(folder)).toEqual({
      ok: false,
      message: expect.stringContaining('enrol this edge again'),
    });
    writeFileSync(join(folder, 'machine-key-next.pem'), 'x');
    expect(credentials(folder)).toEqual({
      ok: false,
      message: expect.stringContaining('enrol this edge again'),
    });
  });

  it('hold two keys until the server took one of them', () => {
    const { folder, home } = newHome();
    const first = nextCredential(folder);
    if (!first.ok) throw new Error(first.message);
    promoteKey(folder, first.value);
    const second = nextCredential(folder);
    if (!second.ok) throw new Error(second.message);
    const held = () =>
      home()
        .credentials()
        .map(({ publicKey }) => publicKey);
    const [one, two] = [first.value.publicKey, second.value.publicKey];
    expect(held()).toEqual([one, two]);
    home().proven(first.value);
    expect(held()).toEqual([one, two]);
    home().proven(second.value);
    home().proven(second.value);
    expect(held()).toEqual([two]);
  });
});
