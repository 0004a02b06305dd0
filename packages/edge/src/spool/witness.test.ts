// The witness through cuts that tear whatever was not waited for: what was waited for is still told, whatever came after.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noDisk, type SpoolDisk } from './disk.ts';
import { Witness, type Witnessed } from './witness.ts';

const ID = '0123456789abcdef';

/** One file, whose writes are safe once one of them is waited for. */
class TearingDisk {
  refuses = false;
  /** Power goes at this many further writes or waits; `null`: not by itself. */
  cutAfter: number | null = null;
  #seen = new Uint8Array(0);
  #safe = new Uint8Array(0);
  #waiting: { readonly at: number; readonly bytes: Uint8Array }[] = [];

  readonly face: SpoolDisk = {
    ...noDisk,
    head: (_, count) => this.#seen.slice(0, count),
    scribble: (_, at, bytes, safely) => {
      if (this.#isRefused()) return false;
      this.#seen = written(this.#seen, at, bytes);
      this.#waiting.push({ at, bytes: Uint8Array.from(bytes) });
      if (!safely) return true;
      if (this.#isRefused()) return false;
      this.#safe = this.#seen.slice();
      this.#waiting = [];
      return true;
    },
  };

  #isRefused(): boolean {
    if (this.cutAfter !== null && --this.cutAfter < 0) throw new Error('the power is gone');
    return this.refuses;
  }

  cut(tear: (bytes: Uint8Array) => Uint8Array): void {
    this.cutAfter = null;
    for (const { at, bytes } of this.#waiting) this.#safe = written(this.#safe, at, tear(bytes));
    this.#seen = this.#safe.slice();
    this.#waiting = [];
  }
}

function written(to: Uint8Array, at: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(Math.max(to.length, at + bytes.length));
  all.set(to);
  all.set(bytes, at);
  return all;
}

describe('the witness', () => {
  it('tells of every boot and block that was waited for, whatever is torn', () => {
    const action = fc.oneof(
      fc.constantFrom('commit', 'commit', 'block', 'kill', 'refuse', 'take'),
      fc.record({ cutAfter: fc.nat(5), torn: fc.nat(32) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const disk = new TearingDisk();
        let told: Witnessed = { id: ID, nextSequence: 0, boot: 0 };
        let kept: Witnessed = told;
        let witness = new Witness(disk.face, 'spool.db');
        const write = (next: Partial<Witnessed>, safely: boolean): void => {
          told = { ...told, ...next };
          witness.write(told, safely);
          // The first word of a boot is waited for in any case.
          if (!disk.refuses && (safely || told.boot !== kept.boot)) kept = told;
        };
        const begin = (boot: number): void => {
          witness = new Witness(disk.face, 'spool.db');
          const said = witness.read(ID);
          const most = (of: 'boot' | 'nextSequence'): number => Math.max(0, ...said.map((one) => one[of]));
          expect(most('boot')).toBeGreaterThanOrEqual(kept.boot);
          expect(most('boot')).toBeLessThanOrEqual(told.boot);
          expect(most('nextSequence')).toBeGreaterThanOrEqual(kept.nextSequence);
          expect(most('nextSequence')).toBeLessThanOrEqual(told.nextSequence);
          write({ boot }, true);
        };
        const act = (action: (typeof actions)[number]): void => {
          if (action === 'commit') write({ nextSequence: told.nextSequence + 1 }, false);
          else if (action === 'block') write({ nextSequence: told.nextSequence + 1 }, true);
          else if (action === 'kill') begin(told.boot);
          else if (action === 'refuse' || action === 'take') disk.refuses = action === 'refuse';
          else disk.cutAfter = action.cutAfter;
        };
        let torn = 0;
        begin(1);
        for (const action of actions) {
          if (typeof action !== 'string') torn = action.torn;
          try {
            act(action);
          } catch (error) {
            if (!String(error).includes('the power is gone')) throw error;
            disk.cut((bytes) => bytes.map((byte, i) => (i < torn ? byte : 0xee)));
            begin(told.boot + 1);
          }
        }
      }),
      {
        numRuns: 2000,
        // A disk that refused while the witness was read, and took again what then was torn.
        examples: [[['commit', 'refuse', 'kill', { cutAfter: 1, torn: 0 }, 'take', 'commit']]],
      },
    );
  });
});
