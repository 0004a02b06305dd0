// A copied card is told from a box that restarts, from one whose card is renewed, and from an older copy in its place.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Boot, MetBoot } from '../store/store.ts';
import { isSameBoot, isSecondBox } from './clones.ts';

/** The server's side, as link.ts does it. */
class Meeting {
  readonly met: MetBoot[] = [];
  refuses(boot: Boot, behind = false): boolean {
    const refused = isSecondBox(this.met, boot, behind);
    const at = this.met.findIndex((other) => isSameBoot(other, boot));
    if (at < 0) this.met.push({ ...boot, refused });
    else this.met[at] = { ...boot, refused };
    return refused;
  }
}
const boot = (number: number, id: string, spool = 's'): Boot => ({ spool, number, id });

describe('a second box', () => {
  it('is none of: restarts of box and agent, a disk that could not be written, a new card, a copy that goes on under a new identity', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('boot', 'agent', 'memory', 'card', 'older copy')), (story) => {
        const meeting = new Meeting();
        let [number, spool, ids, memories] = [1, 0, 0, 0];
        const hello = (behind = false) => meeting.refuses(boot(number, String(ids), String(spool)), behind);
        expect(hello()).toBe(false);
        for (const event of story) {
          if (event === 'memory') {
            expect(meeting.refuses(boot(1, String(ids), `memory of ${memories++}`))).toBe(false);
          } else if (event === 'boot') [number, ids] = [number + 1, ids + 1];
          else if (event === 'card') [number, spool, ids] = [1, spool + 1, ids + 1];
          else if (event === 'older copy') {
            [number, ids] = [Math.max(1, number - 1), ids + 1];
            expect(hello(true)).toBe(false);
            spool++;
          }
          expect(hello()).toBe(false);
        }
      }),
    );
  });

  it('is a copy that starts as the same boot: refused until the machine enrols again', () => {
    const meeting = new Meeting();
    expect(meeting.refuses(boot(5, 'original'))).toBe(false);
    expect(meeting.refuses(boot(5, 'copy'))).toBe(true);
    expect(meeting.refuses(boot(5, 'original'))).toBe(false);
    expect(meeting.refuses(boot(5, 'copy'))).toBe(true);
    expect(meeting.refuses(boot(5, 'copy'), true)).toBe(true);
  });

  it('is who returns after another one was met', () => {
    const meeting = new Meeting();
    expect(meeting.refuses(boot(5, 'original'))).toBe(false);
    expect(meeting.refuses(boot(6, 'copy'))).toBe(false);
    expect(meeting.refuses(boot(5, 'original'))).toBe(true);
    expect(meeting.refuses(boot(6, 'copy'))).toBe(false);
  });
});
