// A modem asked through ModemManager's command, where that service runs: it holds the serial ports, so nobody else may.
// Sources: mmcli(1), `mmcli -J -m any`, `mmcli -J -m any --signal-get`, `mmcli -J -b N` of ModemManager 1.14 to 1.22; values are
// texts, and «--» stands for none. Not here: AT commands (at-modem.ts).
import type { Outcome } from '@vigie/config';
import { z } from 'zod';
import type { Modem, ModemReading, Registration, SimState, Technology } from './modem.ts';

/** Runs mmcli with these arguments; resolves with what it prints. */
export type RunCommand = (args: readonly string[]) => Promise<Outcome<string>>;

const text = z.string().catch('--');
const modemJson = z.object({
  modem: z.object({
    generic: z.object({
      model: text,
      state: text,
      'state-failed-reason': text,
      'unlock-required': text,
      'access-technologies': z.array(z.string()).catch([]),
      bearers: z.array(z.string()).catch([]),
    }),
    '3gpp': z.object({ 'registration-state': text, 'operator-name': text }),
  }),
});
const signals = z.record(z.string(), text).catch({});
const signalJson = z.object({
  modem: z.object({ signal: z.object({ lte: signals, gsm: signals, umts: signals, '5g': signals }) }),
});
const bearerJson = z.object({
  bearer: z.object({
    'ipv4-config': z.object({ address: text }),
    'ipv6-config': z.object({ address: text }),
  }),
});
/** Seconds between two looks of ModemManager at the signal; without it, it takes none. */
const SIGNAL_EVERY_S = '30';

export class ManagedModem implements Modem {
  readonly #run: RunCommand;
  readonly #apn: string;
  #hasSignal = false;

  /** @param apn of the SIM, for a new data session. */
  constructor(run: RunCommand, apn: string) {
    this.#run = run;
    this.#apn = apn;
  }

  async read(): Promise<Outcome<ModemReading>> {
    const modem = await this.#run(['-J', '-m', 'any']);
    if (!modem.ok) return modem;
    if (!this.#hasSignal)
      this.#hasSignal = (await this.#run(['-m', 'any', `--signal-setup=${SIGNAL_EVERY_S}`])).ok;
    const signal = await this.#run(['-J', '-m', 'any', '--signal-get']);
    const parsed = parsedAs(modemJson, modem.value);
    const bearer = parsed?.modem.generic.bearers.at(-1);
    const session = bearer === undefined ? null : await this.#run(['-J', '-b', bearer]);
    return readingOf(modem.value, signal.ok ? signal.value : '', session?.ok ? session.value : '');
  }

  async remedy(which: 'bearer' | 'radio' | 'reset'): Promise<Outcome<void>> {
    const steps = {
      bearer: ['--simple-disconnect', `--simple-connect=apn=${this.#apn}`],
      radio: ['--disable', '--enable'],
      reset: ['--reset'],
    }[which];
    let last: Outcome<string> = { ok: true, value: '' };
    for (const step of steps) last = await this.#run(['-m', 'any', step]);
    this.#hasSignal = false;
    return last.ok ? { ok: true, value: undefined } : last;
  }

  close(): void {}
}

/** @param signal and @param bearer: '' where there is none. */
export function readingOf(modem: string, signal: string, bearer: string): Outcome<ModemReading> {
  const facts = parsedAs(modemJson, modem)?.modem;
  if (facts === undefined) return { ok: false, message: 'what mmcli says cannot be read' };
  const { generic } = facts;
  const levels = parsedAs(signalJson, signal)?.modem.signal;
  const lte = levels?.lte ?? {};
  const nr = levels?.['5g'] ?? {};
  const ip = parsedAs(bearerJson, bearer)?.bearer;
  const rssiDbm =
    decibels(lte.rssi) ?? decibels(levels?.gsm.rssi) ?? decibels(levels?.umts.rssi) ?? decibels(nr.rssi);
  return {
    ok: true,
    value: {
      model: known(generic.model),
      sim: simOf(generic),
      registration: REGISTRATIONS[facts['3gpp']['registration-state']] ?? 'unknown',
      operator: known(facts['3gpp']['operator-name']),
      technology: technologyOf(generic['access-technologies']),
      rssiDbm,
      rsrpDbm: decibels(lte.rsrp) ?? decibels(nr.rsrp),
      rsrqDb: decibels(lte.rsrq) ?? decibels(nr.rsrq),
      sinrDb: decibels(lte.snr) ?? decibels(nr.snr),
      address: known(ip?.['ipv4-config'].address ?? '--') ?? known(ip?.['ipv6-config'].address ?? '--'),
    },
  };
}

const REGISTRATIONS: Readonly<Record<string, Registration>> = {
  home: 'home',
  roaming: 'roaming',
  searching: 'searching',
  denied: 'denied',
  idle: 'idle',
};

type Generic = z.infer<typeof modemJson>['modem']['generic'];

function simOf({ state, 'state-failed-reason': reason, 'unlock-required': lock }: Generic): SimState {
  if (reason === 'sim-missing') return 'missing';
  if (state === 'failed') return 'failed';
  // A SIM may still be asked for its second PIN by what no modem needs for data.
  if (state === 'locked' || /^sim-(pin|puk)$/.test(lock)) return 'locked';
  return state === '--' || state === 'unknown' ? 'unknown' : 'ready';
}

function technologyOf(names: readonly string[]): Technology | null {
  if (names.some((name) => name.includes('5g'))) return '5G';
  if (names.some((name) => name.includes('lte'))) return '4G';
  if (names.some((name) => /umts|hsp|hsd|hsu/.test(name))) return '3G';
  return names.some((name) => /gsm|gprs|edge/.test(name)) ? '2G' : null;
}

function known(value: string): string | null {
  return value === '--' || value === '' ? null : value;
}

function decibels(value: string | undefined): number | null {
  const number = Number.parseFloat(value ?? '');
  // ModemManager's word for a level that it does not have.
  return Number.isFinite(number) && number > -32_768 ? Math.round(number * 10) / 10 : null;
}

function parsedAs<T>(schema: z.ZodType<T>, json: string): T | null {
  try {
    return schema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}
