// The reads of one simulated machine, by whatever protocol: each raises the channel `scan`, takes a snapshot of all
// channels and is logged before it leaves, so that tests can compare what is stored with what was said.
import { appendFileSync } from 'node:fs';
import type { MachineModel } from '@vigie/model/load';
import { readRow } from './machines.ts';
import type { Machine } from './physics.ts';

export class Reads {
  readonly machine: Machine;
  readonly model: MachineModel;
  readonly #logFile: string | undefined;
  readonly #nowMs: () => number;
  scan: number;

  /** `logFile`: one line of JSON per read, {scan, utcMs, values}. */
  constructor(options: {
    readonly machine: Machine;
    readonly model: MachineModel;
    readonly logFile?: string | undefined;
    readonly nowMs: () => number;
    readonly scan: number;
  }) {
    this.machine = options.machine;
    this.model = options.model;
    this.#logFile = options.logFile;
    this.#nowMs = options.nowMs;
    this.scan = options.scan;
  }

  /** In the order of the model's channels. */
  take(): (number | null)[] {
    this.scan++;
    const values = readRow(this.machine, this.model, this.scan);
    if (this.#logFile !== undefined) {
      appendFileSync(this.#logFile, `${JSON.stringify({ scan: this.scan, utcMs: this.#nowMs(), values })}\n`);
    }
    return values;
  }
}
