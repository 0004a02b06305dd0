// A modem asked by AT commands on a serial port: Quectel EC25 and EG25, SIMCom SIM7600 and SIM800, and what else speaks
// TS 27.007. Invariants: the port is looked for anew each time it was lost, by a pattern, since it may come back under another
// name; a command that a modem does not know costs only what it would have told. Not here: what answers mean (at-replies.ts).
import { globSync } from 'node:fs';
import type { Outcome } from '@vigie/config';
import type { Clock } from '@vigie/protocol';
import type { OpenSerial } from '../acquire/serial.ts';
import { AtChannel } from './at-channel.ts';
import {
  addressOf,
  cesqLevels,
  cpsiLevels,
  type Levels,
  noLevels,
  operatorOf,
  qcsqLevels,
  registrationOf,
  rssiOf,
  simOf,
} from './at-replies.ts';
import type { Modem, ModemReading } from './modem.ts';

/** A radio that is switched on, or a modem that restarts, takes its time to answer. */
const SLOW_MS = 15_000;
const RADIO_OFF_MS = 5000;

type Maker = 'quectel' | 'sim7600' | 'sim800' | 'other';

export interface AtModemOptions {
  /** Path of the port, or a pattern such as /dev/serial/by-id/*Quectel*-if02-port0. */
  readonly port: string;
  readonly openSerial: OpenSerial;
  readonly clock: Clock;
}

export class AtModem implements Modem {
  readonly #options: AtModemOptions;
  #channel: AtChannel | null = null;
  #model: string | null = null;

  constructor(options: AtModemOptions) {
    this.#options = options;
  }

  async read(): Promise<Outcome<ModemReading>> {
    const opened = await this.#open();
    if (!opened.ok) return opened;
    const at = opened.value;
    const lines = async (command: string, prefix: string): Promise<readonly string[]> => {
      const answer = await at.ask(command, prefix);
      return answer.ok ? answer.value : [];
    };
    const sim = await at.ask('AT+CPIN?', '+CPIN:');
    if (!sim.ok && (sim.message === 'no answer' || at.isGone)) return this.#lose(sim.message);
    const registered = [
      registrationOf(await lines('AT+CEREG?', '+CEREG:'), '+CEREG:'),
      registrationOf(await lines('AT+CGREG?', '+CGREG:'), '+CGREG:'),
      registrationOf(await lines('AT+CREG?', '+CREG:'), '+CREG:'),
    ].filter((one) => one !== null);
    // Whichever network it is on; denied on one and found on another is found.
    const best =
      registered.find(({ registration }) => registration === 'home' || registration === 'roaming') ??
      registered.find(({ registration }) => registration === 'denied') ??
      registered[0];
    const { operator, technology } = operatorOf(await lines('AT+COPS?', '+COPS:'));
    const rssiDbm = rssiOf(await lines('AT+CSQ', '+CSQ:'));
    const levels = await this.#levels(lines);
    const address = addressOf(await lines('AT+CGPADDR', '+CGPADDR:'));
    if (at.isGone) return this.#lose('the modem is gone');
    return {
      ok: true,
      value: {
        model: this.#model,
        sim: simOf(sim.ok ? (sim.value.at(-1) ?? '') : sim.message),
        registration: best?.registration ?? 'unknown',
        operator,
        technology: technology ?? best?.technology ?? (this.#maker() === 'sim800' ? '2G' : null),
        ...levels,
        rssiDbm: levels.rssiDbm ?? rssiDbm,
        address,
      },
    };
  }

  async remedy(which: 'bearer' | 'radio' | 'reset'): Promise<Outcome<void>> {
    const opened = await this.#open();
    if (!opened.ok) return opened;
    const at = opened.value;
    const done = (answer: Outcome<unknown>): Outcome<void> =>
      answer.ok ? { ok: true, value: undefined } : answer;
    switch (which) {
      case 'bearer':
        await at.ask('AT+CGACT=0,1', '', SLOW_MS);
        return done(await at.ask('AT+CGACT=1,1', '', SLOW_MS));
      case 'radio':
        await at.ask('AT+CFUN=4', '', SLOW_MS);
        await new Promise<void>((resolve) => this.#options.clock.after(RADIO_OFF_MS, resolve));
        return done(await at.ask('AT+CFUN=1', '', SLOW_MS));
      case 'reset': {
        const answer = await at.ask('AT+CFUN=1,1', '', SLOW_MS);
        // It goes away and comes back.
        this.#drop();
        return done(answer);
      }
    }
  }

  close(): void {
    this.#drop();
  }

  async #open(): Promise<Outcome<AtChannel>> {
    if (this.#channel !== null && !this.#channel.isGone) return { ok: true, value: this.#channel };
    this.#drop();
    const { port, openSerial, clock } = this.#options;
    const paths = port.includes('*') ? globSync(port).sort() : [port];
    let why = `no port ${port}: no modem, or its power is off`;
    for (const path of paths) {
      const opened = await AtChannel.open(openSerial, clock, path);
      if (!opened.ok) {
        why = opened.message;
        continue;
      }
      this.#channel = opened.value;
      const model = await opened.value.ask('AT+CGMM', '');
      this.#model = model.ok ? (model.value.find((line) => /^[A-Z][A-Z_]*\d/.test(line)) ?? null) : null;
      return { ok: true, value: opened.value };
    }
    return { ok: false, message: why };
  }

  #maker(): Maker {
    const model = this.#model ?? '';
    if (/E[CGPM]\d\d|BG9/.test(model)) return 'quectel';
    if (/SIM(COM_)?_?7\d\d\d|A76/i.test(model)) return 'sim7600';
    return /SIM(COM_)?8/i.test(model) ? 'sim800' : 'other';
  }

  async #levels(lines: (command: string, prefix: string) => Promise<readonly string[]>): Promise<Levels> {
    switch (this.#maker()) {
      case 'quectel':
        return qcsqLevels(await lines('AT+QCSQ', '+QCSQ:'));
      case 'sim7600':
        return cpsiLevels(await lines('AT+CPSI?', '+CPSI:'));
      case 'other':
        return cesqLevels(await lines('AT+CESQ', '+CESQ:'));
      case 'sim800':
        return noLevels;
    }
  }

  #lose(message: string): Outcome<never> {
    this.#drop();
    return { ok: false, message };
  }

  #drop(): void {
    this.#channel?.close();
    this.#channel = null;
  }
}
