// How every bench of a whole system ends: its figures as JSON in a file and on standard output, or as a table, or one
// sentence on why there are none; and what it started is ended, also by Ctrl+C.
// Not here: flags, what is measured.
import { writeFileSync } from 'node:fs';
import { EXIT, type Outcome } from '@vigie/config';

export interface RunnableBench<Results> {
  run(): Promise<Outcome<Results>>;
  /** Ends whatever it started and removes what it made; also in the middle of a run. */
  dispose(): Promise<void>;
}

export interface Ending<Results> {
  /** Figures as JSON on standard output; else as a table. */
  readonly json: boolean;
  /** Also as JSON in this file; `null`: in none. */
  readonly out: string | null;
  readonly tableOf: (results: Results) => string;
}

/** @returns the exit code. */
export async function runToEnd<Results>(
  bench: RunnableBench<Results>,
  { json, out, tableOf }: Ending<Results>,
): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void bench.dispose().then(() => process.exit(EXIT.failed)));
  }
  try {
    const results = await bench.run();
    if (!results.ok) return fail(results.message);
    const text = JSON.stringify(results.value, null, 2);
    if (out !== null) writeFileSync(out, `${text}\n`);
    console.log(json ? text : tableOf(results.value));
    return EXIT.ok;
  } finally {
    await bench.dispose();
  }
}

/** One sentence. @returns the exit code. */
export function fail(message: string): number {
  console.error(message);
  return EXIT.failed;
}

/** Says how far a bench is, with the time of day, beside its figures. */
export function say(message: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${message}`);
}
