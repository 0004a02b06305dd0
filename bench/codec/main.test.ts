// The whole command, as `npm run bench:codec` runs it, on recordings made here.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entry, Summary } from './measure.ts';
import { PEERS, UNFORESEEN } from './peers/index.ts';
import { seenInTraining } from './vigie.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const ROWS = 420;
let folder = '';
let good = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-bench-test-'));
  good = join(folder, 'good.csv');
  const lines = ['t,température,pressure,valve,sometimes'];
  for (let i = 0; i < ROWS; i++) {
    const wave = Math.round(2000 * Math.sin(i / 30) + ((i * 7919) % 13));
    const gap = i % 17 === 3 ? '' : String(i % 5);
    const time = 1_700_000_000_000 + i * 1000 + (i % 50 === 0 ? 7 : 0);
    lines.push(`${time},${wave / 100},${(wave * 3) / 1000},${Math.floor(i / 90) % 2},${gap}`);
  }
  writeFileSync(good, `${lines.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  return { status, stdout, stderr };
}

describe('bench:codec', () => {
  it('measures every peer and Vigie, each block read back, and prints JSON', () => {
    const { status, stdout, stderr } = bench(good, '--block-rows', '10,60', '--json');
    expect(stderr).toContain('10 rows per block: done');
    expect(status).toBe(0);
    const { files, summary } = JSON.parse(stdout) as { files: Entry[]; summary: Summary };
    expect(files.map(({ file, blockRows }) => [file, blockRows])).toEqual([
      ['good.csv', 10],
      ['good.csv', 60],
    ]);
    const absent = new Set(summary.absentPeers.map(({ name }) => name));
    const [ten] = files;
    expect(Object.keys(ten ?? {})).toEqual(['file', 'blockRows', 'peers', 'vigie']);
    expect(Object.keys(ten?.peers ?? {})).toEqual(
      PEERS.map(({ name }) => name).filter((name) => !absent.has(name)),
    );
    for (const { peers, vigie } of files) {
      for (const { bytesPerRow, bitsPerSample } of [...Object.values(peers), vigie.universal, vigie.primed]) {
        expect(bytesPerRow).toBeGreaterThan(0);
        expect(bitsPerSample).toBeCloseTo((bytesPerRow * 8) / 4, 9);
      }
      for (const { encodeSamplesPerSecond, decodeSamplesPerSecond } of [vigie.universal, vigie.primed]) {
        expect(Math.min(encodeSamplesPerSecond, decodeSamplesPerSecond)).toBeGreaterThan(0);
      }
      expect(peers.sql?.bytesPerRow).toBeGreaterThan(vigie.primed.bytesPerRow);
    }
    expect(files[0]?.vigie.priorBytes).toBeGreaterThan(20);
    expect(summary.notes.join()).toContain('good.csv: the shipped universal prior, which never saw it');
    for (const { foreseen, primedToBestPeer } of summary.geometricMeans) {
      expect(foreseen?.primedToBestPeer).toBeLessThanOrEqual(primedToBestPeer);
    }
    expect(UNFORESEEN.every((name) => PEERS.some((peer) => peer.name === name))).toBe(true);
    expect(summary.geometricMeans.map(({ blockRows, files: count }) => [blockRows, count])).toEqual([
      [10, 1],
      [60, 1],
    ]);
  });

  it('knows the recordings that the shipped universal prior saw, renamed or cut otherwise, and no others', () => {
    const sum = 'ecb885221819efe65663dfd22e9f66e6348497bd47035e49feaceaa07bb2ebd8';
    expect(seenInTraining({ file: 'any/skab_q.csv', sha256: '' })).toBe('skab');
    expect(seenInTraining({ file: 'skab.csv', sha256: '' })).toBe('skab');
    expect(seenInTraining({ file: 'plant.csv', sha256: sum })).toBe('tep');
    expect(seenInTraining({ file: 'teplice.csv', sha256: '' })).toBeNull();
    expect(seenInTraining({ file: 'good.csv', sha256: '' })).toBeNull();
  });

  it('prints a table, of the peers asked for', () => {
    const { status, stdout } = bench(good, '--peers', 'gorilla,sprintz', '--max-rows', '120');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^gorilla +\d+\.\d\d \(\d+\.\d\)$/m);
    expect(stdout).toMatch(/^Vigie ÷ best peer, primed +\d\.\d{3}$/m);
    expect(stdout).toContain('60 rows per block, 1 file: universal');
    expect(stdout).not.toContain('chimp');
  });

  it('goes on without the programs it misses, and says how to get them', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [MAIN, good, '--peers', 'gorilla,csv+xz,csv+zstd-dict'],
      { encoding: 'utf8', env: { PATH: folder } },
    );
    expect(status).toBe(0);
    expect(stderr).toContain(
      'csv+xz is left out: the program xz is not installed; on Debian: apt-get install',
    );
    expect(stdout).toContain('left out: csv+zstd-dict');
    expect(stdout).toContain('gorilla');
  });

  it('says in one sentence what is wrong', () => {
    const bad = join(folder, 'bad.csv');
    writeFileSync(bad, 't,a\n1000,1\n2000,two\n');
    const cases: [string[], string][] = [
      [[], 'FILE.csv… is missing'],
      [[good, '--block-row', '60'], 'unknown flag --block-row'],
      [[good, '--block-rows', '60,x'], '«x»'],
      [[good, '--max-rows', '0.5'], '--max-rows takes a whole number'],
      [[good, '--peers', 'gorila'], 'there is no peer «gorila»'],
      [[join(folder, 'none.csv')], 'no such file'],
      [[good, bad], 'bad.csv:3:6: «two» is not a number'],
    ];
    for (const [args, sentence] of cases) {
      const { status, stdout, stderr } = bench(...args);
      expect(status, args.join(' ')).not.toBe(0);
      expect(stdout).toBe('');
      expect(stderr).toContain(sentence);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    }
  });

  it('explains itself', () => {
    const { status, stdout } = bench('--help');
    expect(status).toBe(0);
    for (const word of ['--block-rows', '--peers', '--json', 'varint-deltas+zstd-dict']) {
      expect(stdout).toContain(word);
    }
  });
});
