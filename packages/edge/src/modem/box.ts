// The modem of this very box: its road, its interface's counters, its power key, and the files of its ladder. The real commands
// and files enter here and nowhere else. Not here: what is done and when (modem-watch.ts).
import { execFile } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '@vigie/config';
import type { Clock } from '@vigie/protocol';
import { z } from 'zod';
import { openSerial } from '../acquire/serial.ts';
import type { Counter } from '../budget/data-use.ts';
import type { ModemSettings } from '../config.ts';
import { findFile, keepFile } from '../kept-file.ts';
import { AtModem } from './at-modem.ts';
import type { KeptLadder } from './ladder.ts';
import { ManagedModem } from './mmcli.ts';
import type { ModemWatchOptions } from './modem-watch.ts';

const COMMAND_MS = 60_000;
const PROBE_MS = 8000;
/** Names that are there as long as the internet is; any answer to the question will do, also that there is none. */
const PROBES = ['debian.org', 'wikipedia.org', 'iana.org'];

const count = z.number().int().min(0);
const keptLadder = z.object({
  next: count.max(5),
  rounds: count,
  counts: z.object({ bearer: count, radio: count, reset: count, 'power-key': count, reboot: count }),
});

/** Bytes both ways of a network interface, as the kernel counts them. */
export function interfaceCounter(name: string, folder = '/sys/class/net'): Counter {
  return () => {
    try {
      const read = (file: string): number =>
        Number(readFileSync(join(folder, name, 'statistics', file), 'utf8'));
      const bytes = read('rx_bytes') + read('tx_bytes');
      return Number.isFinite(bytes) ? bytes : null;
    } catch {
      return null;
    }
  };
}

/** @param folder of the agent. */
export function boxModem(
  settings: ModemSettings,
  folder: string,
  clock: Clock,
): Pick<ModemWatchOptions, 'modem' | 'powerKey' | 'reboot' | 'networkWorks' | 'kept' | 'keep'> {
  const file = join(folder, 'modem.json');
  const found = findFile(file, (text) => keptLadder.parse(JSON.parse(text)));
  const { powerKey } = settings;
  return {
    modem:
      settings.through === 'at'
        ? new AtModem({ port: settings.port, openSerial, clock })
        : new ManagedModem((args) => run('mmcli', args), settings.apn),
    powerKey: powerKey === undefined ? null : () => done(run(powerKey[0] ?? '', powerKey.slice(1))),
    reboot: settings.mayReboot ? () => done(run('systemctl', ['reboot'])) : null,
    networkWorks,
    kept: found.kind === 'found' ? found.value : null,
    keep: (ladder: KeptLadder) => {
      try {
        keepFile(file, JSON.stringify(ladder));
        return { ok: true, value: undefined };
      } catch (error) {
        return { ok: false, message: String(error) };
      }
    },
  };
}

/** About 200 bytes when it works. */
async function networkWorks(): Promise<boolean> {
  const resolver = new Resolver({ timeout: PROBE_MS / 2, tries: 2 });
  const answers = PROBES.map(async (name) => {
    try {
      await resolver.resolve4(name);
      return true;
    } catch (error) {
      // Somebody answered.
      return ['ENOTFOUND', 'ENODATA', 'EREFUSED', 'ESERVFAIL'].includes(
        (error as NodeJS.ErrnoException).code ?? '',
      );
    }
  });
  for (const answer of answers) if (await answer) return true;
  return false;
}

function run(command: string, args: readonly string[]): Promise<Outcome<string>> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { timeout: COMMAND_MS, env: { ...process.env, LC_ALL: 'C' } },
      (error, stdout, stderr) => {
        if (error === null) resolve({ ok: true, value: stdout });
        else if ((error as NodeJS.ErrnoException).code === 'ENOENT')
          resolve({ ok: false, message: `there is no command ${command}` });
        else resolve({ ok: false, message: (stderr.trim() || error.message).split('\n')[0] ?? command });
      },
    );
  });
}

async function done(outcome: Promise<Outcome<unknown>>): Promise<Outcome<void>> {
  const result = await outcome;
  return result.ok ? { ok: true, value: undefined } : result;
}
