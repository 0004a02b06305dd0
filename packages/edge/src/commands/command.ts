// What the commands of vigie-edge share. A command prints what was asked for on stdout, what is wrong on stderr, and gives its
// exit code. Not here: any of them.
import type { Clock } from '@vigie/protocol';

export interface CommandContext {
  /** Without the command's name. */
  readonly args: readonly string[];
  readonly clock: Clock;
}

export function fail(message: string, code: number): number {
  console.error(message);
  return code;
}
