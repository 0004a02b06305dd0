// Whether a row must leave at once: a channel has just entered its alarm limits.
// Invariant: at most one urgent row per pause, so that a value trembling at its limit does not spend the data plan.
// Not here: alarms themselves (the server's), and which limits are in force (settings.ts).
import { evaluate, type MachineSchema, severity } from '@vigie/model';
import type { SampledRow } from './source.ts';

const PAUSE_MS = 10_000;

export class Urgency {
  #schema: MachineSchema;
  readonly #stateAt: number;
  readonly #inAlarm: boolean[];
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(schema: MachineSchema) {
    this.#schema = schema;
    this.#stateAt = schema.channels.findIndex(({ id }) => id === schema.stateChannel);
    this.#inAlarm = schema.channels.map(() => false);
  }

  /** Other limits hold from now on. @param schema of the same channels. */
  setLimits(schema: MachineSchema): void {
    this.#schema = schema;
  }

  isUrgent(row: SampledRow): boolean {
    const state = row.values[this.#stateAt];
    const machineState = typeof state === 'number' ? state : null;
    let entered = false;
    for (const [i, channel] of this.#schema.channels.entries()) {
      if (channel.limits === null) continue;
      const value = row.values[i];
      const alarm = severity(evaluate(channel, typeof value === 'number' ? value : null, machineState)) === 3;
      if (alarm && !this.#inAlarm[i]) entered = true;
      this.#inAlarm[i] = alarm;
    }
    if (!entered || row.monotonicMs - this.#lastMs < PAUSE_MS) return false;
    this.#lastMs = row.monotonicMs;
    return true;
  }
}
