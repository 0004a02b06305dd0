// A witness beside the spool: how far it had come, in a few bytes overwritten in place. SQLite's log is valid up to its
// first damaged page, so that one flipped bit there makes it forget, without a word, all that was committed after; the
// witness tells, and the numbers of forgotten rows and boots are not given again.
// Invariants: never ahead of what was committed; may be behind, by a block at most, or gone: only boots and blocks are
// waited for. Two slots, so that a torn one leaves the other: what was not waited for goes where the newest that was is
// not. Not here: what follows from it (spool.ts).
//
//   slot (32 bytes, at 0 and at 512)   id 8 · next sequence 8 · boot 8, little endian · CRC-32 of these 4 · 0
import { crc32 } from 'node:zlib';
import type { SpoolDisk } from './disk.ts';

const SLOT_BYTES = 32;
const SLOT_STEP = 512;

export interface Witnessed {
  /** Of the spool, 16 hex digits. */
  readonly id: string;
  readonly nextSequence: number;
  readonly boot: number;
}

export class Witness {
  readonly #disk: SpoolDisk;
  readonly #file: string;
  /** Written next; the other one is on disk for sure. */
  #slot = 0;
  /** Told last of what is on disk for sure; `null`: nothing by this process. */
  #kept: Witnessed | null = null;
  #isSettled = false;

  constructor(disk: SpoolDisk, spoolFile: string) {
    this.#disk = disk;
    this.#file = `${spoolFile}.witness`;
  }

  /** What it says, of one spool or of two that followed each other. @param id of the one whose word counts most. */
  read(id: string): Witnessed[] {
    this.#settle();
    const bytes = this.#disk.head(this.#file, SLOT_STEP + SLOT_BYTES);
    const [first, second] = [slotAt(bytes, 0), slotAt(bytes, SLOT_STEP)];
    this.#slot = first === null || (second !== null && isOlder(first, second, id)) ? 0 : 1;
    return [first, second].filter((slot) => slot !== null);
  }

  /**
   * A disk that refuses is none of its business: it is then behind. But a boot is waited for until it is there, or
   * its number might be given twice, and rows dated by the wrong one.
   */
  write(told: Witnessed, safely: boolean): void {
    const { id, nextSequence, boot } = told;
    const slot = Buffer.alloc(SLOT_BYTES);
    slot.write(id, 'hex');
    slot.writeBigUInt64LE(BigInt(nextSequence), 8);
    slot.writeBigUInt64LE(BigInt(boot), 16);
    slot.writeUInt32LE(crc32(slot.subarray(0, 24)), 24);
    if (!this.#settle()) return;
    const waits = safely || this.#kept?.id !== id || this.#kept.boot !== boot;
    const isDone = this.#disk.scribble(this.#file, this.#slot * SLOT_STEP, slot, waits);
    if (!waits || !isDone) return;
    this.#kept = told;
    this.#slot = 1 - this.#slot;
  }

  /**
   * What a killed process did not wait for is made safe before anything is written: else a cut might tear both slots.
   * @returns false: the disk refuses, and is asked again before the next write
   */
  #settle(): boolean {
    this.#isSettled ||= this.#disk.scribble(this.#file, 0, new Uint8Array(0), true);
    return this.#isSettled;
  }
}

function isOlder(one: Witnessed, other: Witnessed, id: string): boolean {
  if (one.id !== other.id) return one.id !== id;
  return one.boot === other.boot ? one.nextSequence < other.nextSequence : one.boot < other.boot;
}

function slotAt(bytes: Uint8Array, at: number): Witnessed | null {
  const slot = Buffer.from(bytes.subarray(at, at + SLOT_BYTES));
  if (slot.length < SLOT_BYTES || slot.readUInt32LE(24) !== crc32(slot.subarray(0, 24))) return null;
  return {
    id: slot.toString('hex', 0, 8),
    nextSequence: Number(slot.readBigUInt64LE(8)),
    boot: Number(slot.readBigUInt64LE(16)),
  };
}
