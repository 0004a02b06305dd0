// What this machine's settings are: those its server sent last and that fit, kept over restarts; else the config's own.
// Invariant: settings that do not fit are refused whole, with a reason, and those before stay in force.
// Not here: what settings mean (model/settings.ts), the file (enrolment/home.ts), who uses them (agent.ts).
import type { Outcome } from '@vigie/config';
import { type MachineSchema, type MachineSettings, mistakesIn, overridden, readSettings } from '@vigie/model';
import type { SettingsBody, Settled } from '@vigie/protocol';
import type { EdgeHome, KeptSettings } from './enrolment/home.ts';

export interface SettingsState {
  /** Those in force. `fromServer`: false while it has sent none that fit. */
  readonly settings: MachineSettings;
  readonly fromServer: boolean;
  /** Why those the server sent last are not in force; `null`: they are. */
  readonly refused: string | null;
  /** Keys of those in force that only a newer edge understands. */
  readonly unknown: readonly string[];
}

const MOST_MESSAGE = 300;

export class SettingsInForce {
  readonly #schema: MachineSchema;
  readonly #home: EdgeHome;
  readonly #say: (message: string) => void;
  #state: SettingsState;
  #answeredHash: string | null = null;

  /** @param configured in force until the server sends some. */
  constructor(
    schema: MachineSchema,
    home: EdgeHome,
    configured: MachineSettings,
    say: (message: string) => void,
  ) {
    this.#schema = schema;
    this.#home = home;
    this.#say = say;
    this.#state = { settings: configured, fromServer: false, refused: null, unknown: [] };
    const kept = home.settings;
    if (kept === null) return;
    const read = weigh(kept.settings, schema);
    if (read.ok) {
      this.#state = { ...read.value, fromServer: true, refused: null };
      // What an older edge could not understand is asked for again, so that the server learns that this one can.
      if (read.value.unknown.length === 0) this.#answeredHash = kept.hash;
      return;
    }
    say(`settings: those kept do not all fit this machine any more: ${read.message}`);
    const form = readSettings(kept.settings);
    // Interval and budget still hold, and so does what fits of the rest.
    if (form.ok) {
      this.#state = {
        settings: form.settings,
        fromServer: true,
        refused: read.message,
        unknown: form.unknown,
      };
    }
  }

  get state(): SettingsState {
    return this.#state;
  }

  /** Of the settings answered last, as HELLO names them; `null`: the server shall send them. */
  get answeredHash(): string | null {
    return this.#answeredHash;
  }

  /** The machine's schema with the names, bands and limits in force. */
  get schema(): MachineSchema {
    return overridden(this.#schema, this.#state.settings.channels);
  }

  /** Settings came; returns the answer. */
  take({ hash, settings: raw }: SettingsBody): Settled {
    this.#answeredHash = hash;
    const read = weigh(raw, this.#schema);
    if (!read.ok) {
      const message = read.message.slice(0, MOST_MESSAGE);
      this.#state = { ...this.#state, refused: message };
      this.#say(`settings: refused, those before stay in force: ${message}`);
      return { hash, outcome: 'refused', message };
    }
    const kept: KeptSettings = { hash, settings: raw };
    const done = this.#home.keepSettings(kept);
    if (!done.ok) this.#say(`settings: in force, and lost at the next start: ${done.message}`);
    this.#state = { ...read.value, fromServer: true, refused: null };
    const { unknown } = read.value;
    const message =
      unknown.length === 0 ? '' : `this edge is too old for ${unknown.join(', ')}`.slice(0, MOST_MESSAGE);
    this.#say(`settings: new ones are in force${message === '' ? '' : `; ${message}`}`);
    return { hash, outcome: 'applied', message };
  }
}

function weigh(
  raw: unknown,
  schema: MachineSchema,
): Outcome<{ readonly settings: MachineSettings; readonly unknown: readonly string[] }> {
  const read = readSettings(raw);
  if (!read.ok) return read;
  const { settings, unknown } = read;
  const mistakes = mistakesIn(settings, schema);
  if (mistakes.length > 0) return { ok: false, message: mistakes.join('; ') };
  return { ok: true, value: { settings, unknown } };
}
