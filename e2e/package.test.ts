// The package of the box, installed by dpkg in a copy of this very system that vanishes afterwards (an overlay, as root on
// Linux): install, enrol, run, upgrade, an upgrade that is cut off, a downgrade that is refused, purge. The package for arm64 is
// unpacked, and its agent enrols and sends under an emulator of that processor. systemd itself judges the unit, and runs it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { edgePackageRoutes } from '../packages/server/src/api/edge-package.ts';
import { packageEdge } from '../scripts/package-edge.ts';
import { SystemCopy } from './system-copy.ts';
import { freePort, overTcp, rest, root, SimulatedMachine, seeded, seedOfRun, until, World } from './world.ts';

const packages = mkdtempSync(join(tmpdir(), 'vigie-packages-'));
const world = new World();
const random = seeded(seedOfRun('package'));
const QEMU = ['/usr/bin/qemu-aarch64-static', '/usr/bin/qemu-aarch64'].find((file) => existsSync(file));
const ARM_LIBRARIES = '/usr/aarch64-linux-gnu';

const copy = SystemCopy.made({ '/packages': packages });
const deb = (version: string, arch = 'amd64'): string => `vigie-edge_${version}_${arch}.deb`;
beforeAll(async () => {
  if (copy !== null && process.arch === 'x64')
    for (const version of ['0.1.0', '0.2.0'])
      await packageEdge({ arch: 'amd64', out: packages, version, quick: true });
  if (QEMU !== undefined) await packageEdge({ arch: 'arm64', out: packages, version: '0.1.0', quick: true });
  await world.startServer();
  await world.setUp();
});
afterAll(async () => {
  copy?.gone();
  rmSync(packages, { recursive: true, force: true });
  await world.dispose();
});

const stop = (program: ChildProcess): void => {
  if (program.pid !== undefined) process.kill(-program.pid, 'SIGKILL');
};

describe.skipIf(copy === null || process.arch !== 'x64')('the package for amd64', () => {
  const here = copy as SystemCopy;
  const id = 'DEB-1';
  const version = (): string =>
    execFileSync('readlink', [here.path('/usr/lib/vigie-edge/current')], { encoding: 'utf8' }).trim();

  it('installs with a user, a config and a unit of its own', () => {
    expect(here.run('dpkg', '-i', `/packages/${deb('0.1.0')}`)).toMatchObject({ code: 0 });
    expect(here.run('id', 'vigie').said).toMatch(/vigie.*dialout/);
    expect(readFileSync(here.path('/etc/vigie/edge.yaml'), 'utf8')).toContain('data: /var/lib/vigie');
    expect(here.run('stat', '-c', '%U %a', '/var/lib/vigie').said).toBe('vigie 700\n');
    for (const file of ['/usr/lib/sysctl.d/60-vigie.conf', '/usr/share/vigie/models/turbevap.yaml'])
      expect(existsSync(here.path(file))).toBe(true);
    expect(here.run('vigie-edge', '--version')).toMatchObject({ code: 0 });
    // Not enrolled yet: one sentence.
    expect(here.run('vigie-edge', 'run', '--config', '/etc/vigie/edge.yaml')).toMatchObject({ code: 1 });
  });

  it('has a unit that systemd takes, and that gives the agent little', () => {
    const unit = '/lib/systemd/system/vigie-edge.service';
    const verified = here.run('systemd-analyze', 'verify', '--man=no', unit);
    if (/there is no|not found/.test(verified.said)) return;
    expect(verified.said).not.toMatch(/vigie-edge/);
    const security = here.run('systemd-analyze', 'security', '--offline=yes', '--threshold=35', unit);
    expect(security.said).toContain('Overall exposure level');
    expect(security.code, security.said.split('\n').at(-2)).toBe(0);
  });

  it('enrols as the agent’s own user, runs, and sends', async () => {
    const code = await world.addMachine(id, '--interval', '1');
    const enrol = [
      'enrol',
      '--server',
      `127.0.0.1:${world.linkPort}`,
      '--code',
      code,
      '--data',
      '/var/lib/vigie',
    ];
    expect(here.run('vigie-edge', ...enrol)).toMatchObject({ code: 0 });
    expect(here.run('stat', '-c', '%U %a', '/var/lib/vigie/identity.json').said).toBe('vigie 600\n');
    const port = await freePort();
    const controller = new SimulatedMachine(world, id, overTcp(port));
    await controller.start();
    writeFileSync(
      here.path('/etc/vigie/edge.yaml'),
      `data: /var/lib/vigie\nmodel: /usr/share/vigie/models/turbevap.yaml\nsource:\n  type: modbus-tcp\n  host: 127.0.0.1\n  port: ${port}\n`,
    );
    const agent = here.start('vigie-edge', 'run', '--config', '/etc/vigie/edge.yaml');
    try {
      // Before the first contact there is nothing to export.
      await until('rows on the server', async () => {
        const rows = await world.export(id).then(
          ({ rows }) => rows,
          () => [],
        );
        return rows.length > 3;
      });
    } finally {
      stop(agent);
    }
    expect(here.run('vigie-edge', 'status', '--data', '/var/lib/vigie').said).toContain(`Machine     ${id}`);
  });

  it('is kept running by systemd on a read-only system, killed or standing still', async (test) => {
    expect(here.run('systemctl', 'is-enabled', 'vigie-edge').said).toBe('enabled\n');
    // Three minutes else, which nobody here waits for.
    mkdirSync(here.path('/etc/systemd/system/vigie-edge.service.d'), { recursive: true });
    writeFileSync(
      here.path('/etc/systemd/system/vigie-edge.service.d/test.conf'),
      '[Service]\nWatchdogSec=6\nRestartSec=1\n',
    );
    const systemd = here.boot('vigie-edge.service', ['/var/lib/vigie']);
    if (systemd === null) return test.skip('no systemd can run here');
    const rows = async () => (await world.export(id)).rows.length;
    try {
      const runs = (restarts: number) =>
        until(`the agent to run after ${restarts} restarts`, () => {
          const { ActiveState, MainPID, NRestarts } = systemd.show('vigie-edge');
          return ActiveState === 'active' && NRestarts === String(restarts) ? (MainPID ?? null) : null;
        });
      const sends = async () => {
        const before = await rows();
        await until('new rows', async () => (await rows()) > before + 3);
      };
      const first = await runs(0);
      await sends();
      const facts = systemd.run('cat', `/proc/${first}/status`).said;
      expect(facts).toMatch(/NoNewPrivs:\t1\n/);
      expect(facts).toMatch(/Seccomp:\t2\n/);
      expect(facts).toMatch(/CapEff:\t0000000000000000\n/);
      expect(systemd.run('stat', '-c', '%U', `/proc/${first}`).said).toBe('vigie\n');
      systemd.run('kill', '-KILL', first);
      const second = await runs(1);
      await sends();
      systemd.run('kill', '-STOP', second);
      await runs(2);
      await sends();
      expect(systemd.run('systemctl', 'stop', 'vigie-edge')).toMatchObject({ code: 0 });
      expect(systemd.show('vigie-edge')).toMatchObject({ ActiveState: 'inactive', Result: 'success' });
    } catch (error) {
      console.log(systemd.run('journalctl', '--no-pager', '-n', '60').said, systemd.said());
      throw error;
    } finally {
      systemd.gone();
    }
  });

  it('is never without a version that runs, wherever an upgrade is cut', async () => {
    for (let cut = 0; cut < 4; cut++) {
      const upgrade = here.start('dpkg', '-i', '--force-unsafe-io', `/packages/${deb('0.2.0')}`);
      const over = new Promise((resolve) => upgrade.once('close', resolve));
      await Promise.race([over, rest(300 + 1500 * random())]);
      if (upgrade.exitCode === null) stop(upgrade);
      await over;
      expect(here.run('vigie-edge', '--version'), `after cut ${cut}`).toMatchObject({ code: 0 });
      expect(here.run('vigie-edge', 'status', '--data', '/var/lib/vigie').said).toContain(id);
    }
    here.run('dpkg', '--configure', '-a');
    expect(here.run('dpkg', '-i', `/packages/${deb('0.2.0')}`)).toMatchObject({ code: 0 });
    expect(version()).toBe('0.2.0');
    expect(readdirSync(here.path('/usr/lib/vigie-edge')).sort()).toEqual(['0.2.0', 'current']);
    // What was the technician's and the machine's is as it was.
    expect(readFileSync(here.path('/etc/vigie/edge.yaml'), 'utf8')).toContain('modbus-tcp');
    expect(existsSync(here.path('/var/lib/vigie/identity.json'))).toBe(true);
  });

  it('leaves the version before in use when the new one does not run', () => {
    const broken = join(packages, 'broken');
    execFileSync('dpkg-deb', ['-R', join(packages, deb('0.2.0')), broken]);
    const control = readFileSync(join(broken, 'DEBIAN', 'control'), 'utf8');
    writeFileSync(join(broken, 'DEBIAN', 'control'), control.replace('Version: 0.2.0', 'Version: 0.3.0'));
    for (const name of ['preinst', 'postinst']) {
      const text = readFileSync(join(broken, 'DEBIAN', name), 'utf8').replaceAll('0.2.0', '0.3.0');
      writeFileSync(join(broken, 'DEBIAN', name), text);
    }
    const [from, to] = ['0.2.0', '0.3.0'].map((name) => join(broken, 'usr/lib/vigie-edge', name)) as [
      string,
      string,
    ];
    execFileSync('mv', [from, to]);
    writeFileSync(join(to, 'dist', 'main.mjs'), 'process.exit(1);\n');
    execFileSync('dpkg-deb', ['-Zgzip', '-z1', '-b', broken, join(packages, 'broken.deb')], {
      stdio: 'ignore',
    });
    const upgrade = here.run('dpkg', '-i', '/packages/broken.deb');
    expect(upgrade.code).not.toBe(0);
    expect(upgrade.said).toContain('the version before stays in use');
    expect(here.run('vigie-edge', 'status', '--data', '/var/lib/vigie').said).toContain(id);
    expect(here.run('dpkg', '-i', '--force-downgrade', `/packages/${deb('0.2.0')}`).code).not.toBe(0);
    expect(here.run('dpkg', '--remove', '--force-remove-reinstreq', 'vigie-edge')).toMatchObject({ code: 0 });
    expect(here.run('dpkg', '-i', `/packages/${deb('0.2.0')}`)).toMatchObject({ code: 0 });
    expect(existsSync(here.path('/var/lib/vigie/identity.json'))).toBe(true);
  });

  it('refuses to go back, and is gone with all it made when it is purged', () => {
    const back = here.run('dpkg', '-i', `/packages/${deb('0.1.0')}`);
    expect(back.code).not.toBe(0);
    expect(back.said).toContain('is older than 0.2.0');
    expect(version()).toBe('0.2.0');
    expect(here.run('vigie-edge', '--version')).toMatchObject({ code: 0 });
    expect(here.run('dpkg', '--purge', 'vigie-edge')).toMatchObject({ code: 0 });
    for (const file of ['/var/lib/vigie', '/etc/vigie', '/usr/lib/vigie-edge', '/usr/bin/vigie-edge'])
      expect(existsSync(here.path(file)), file).toBe(false);
    expect(here.run('id', 'vigie').code).not.toBe(0);
  });

  it('is fetched, compared, installed and enrolled by the one command that the page shows', async () => {
    const script = readFileSync(join(root, 'deploy/edge/install.sh'), 'utf8');
    const site = new Hono().route('/edge', edgePackageRoutes(packages, script));
    const served = serve({ fetch: site.fetch, port: 0, hostname: '127.0.0.1' });
    try {
      await once(served, 'listening');
      const origin = `http://127.0.0.1:${(served.address() as AddressInfo).port}`;
      const code = await world.addMachine('DEB-3');
      const command = `curl -fsS ${origin}/edge/install.sh | sh -s -- ${origin} 127.0.0.1:${world.linkPort} ${code}`;
      const installing = here.start('sh', '-c', command);
      let said = '';
      for (const stream of [installing.stdout, installing.stderr])
        stream?.on('data', (chunk) => (said += chunk));
      const [status] = await once(installing, 'close');
      expect(status, said).toBe(0);
      expect(said).toContain('This box is now machine DEB-3');
      expect(version()).toBe('0.2.0');
      for (const other of ['broken.deb', '..%2Fpackages', 'vigie-edge_0.1.0_amd64.deb'])
        expect((await fetch(`${origin}/edge/${other}`)).status).toBe(404);
    } finally {
      served.close();
    }
  });
});

describe.skipIf(QEMU === undefined || !existsSync(ARM_LIBRARIES))('the package for arm64', () => {
  it('holds an agent that enrols and sends on that processor', async () => {
    const folder = join(packages, 'arm64');
    execFileSync('dpkg-deb', ['-x', join(packages, deb('0.1.0', 'arm64')), folder]);
    const app = join(folder, 'usr/lib/vigie-edge/0.1.0');
    expect(readFileSync(join(app, 'node')).readUInt16LE(18)).toBe(183);
    const run = (...args: string[]) =>
      new Promise<{ code: number | null; said: string }>((resolve) => {
        const command = ['-L', ARM_LIBRARIES, join(app, 'node'), join(app, 'bin', 'vigie-edge.mjs'), ...args];
        const child = spawn(QEMU ?? '', command, { stdio: ['ignore', 'pipe', 'pipe'] });
        let said = '';
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (chunk) => (said += String(chunk)));
        child.on('close', (code) => resolve({ code, said }));
      });
    const data = join(packages, 'arm64-data');
    const id = 'DEB-2';
    const code = await world.addMachine(id);
    const enrol = ['enrol', '--server', `127.0.0.1:${world.linkPort}`, '--code', code, '--data', data];
    expect(await run(...enrol)).toMatchObject({ code: 0 });
    const recording = join(packages, 'arm64.csv');
    const rows = Array.from(
      { length: 300 },
      (_, i) => `${1_700_000_000_000 + 1000 * i},${20 + (i % 7) / 10}`,
    );
    writeFileSync(recording, `t,temp\n${rows.join('\n')}\n`);
    const sent = await run('run', '--source', 'csv', '--file', recording, '--speed', '0', '--data', data);
    expect(sent.said).toContain('300 rows replayed, all acknowledged');
    expect((await world.export(id)).rows).toHaveLength(300);
    expect(statSync(join(data, 'spool.db')).size).toBeGreaterThan(0);
  });
});

if (copy === null) console.log('package: not root on Linux with overlays, so that dpkg is not tested');
if (QEMU === undefined) console.log(`package: no qemu-user, so that arm64 is not tested (${root})`);
