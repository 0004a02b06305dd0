// Codes with which an edge enrols: made for the page and for the command line alike.
// Invariant: of a machine the newest code alone is good. Not here: what a code holds (identity.ts), who may make one.
import type { Store } from '../store/store.ts';
import { type LinkIdentity, newEnrolmentCode } from './identity.ts';

export const CODE_VALID_MS = 24 * 3_600_000;

export interface MadeCode {
  readonly code: string;
  readonly expiresMs: number;
}

/** @throws StoreError when other servers on the database show other keys. */
export async function makeEnrolmentCode(
  store: Store,
  { pins }: LinkIdentity,
  machine: string,
  nowMs: number,
): Promise<MadeCode> {
  await store.agreeOnLinkKeys(pins, nowMs);
  const made = newEnrolmentCode(pins[0]);
  const expiresMs = nowMs + CODE_VALID_MS;
  await store.putEnrolmentCode(machine, made.sha256, expiresMs);
  return { code: made.text, expiresMs };
}
