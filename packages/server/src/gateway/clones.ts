// Whether an edge is a second box that speaks by the same credential: a card that was copied and runs in both. Pure.
// A box moves from boot to boot and never back, and the number of a boot is never given twice in a spool. So a boot that
// returns after another one was met, or another boot of the same number, is a second box. Not one that returns with the
// id it had: within a boot of its kernel a box may go to a spool in memory and come back to its disk.
// Not here: what becomes of it (link.ts), an older copy of a card in place of the newer one (protocol/edge-session.ts).
import type { Boot, MetBoot } from '../store/store.ts';

export function isSameBoot(one: Boot, other: Boot): boolean {
  return one.spool === other.spool && one.number === other.number && one.id === other.id;
}

/**
 * @param met boots of the machine since it enrolled, oldest first.
 * @param behind its spool holds fewer rows than it gave the server already: an older copy, which takes a new identity
 * as soon as it is welcomed, so that its rows meet no others.
 */
export function isSecondBox(met: readonly MetBoot[], boot: Boot, behind: boolean): boolean {
  const known = met.find((other) => isSameBoot(other, boot));
  if (known?.refused) return true;
  const welcomed = met.filter(({ refused }) => !refused);
  if (known !== undefined) {
    const last = welcomed.at(-1);
    return last !== undefined && last.id !== boot.id;
  }
  return !behind && welcomed.some(({ spool, number }) => spool === boot.spool && number === boot.number);
}
