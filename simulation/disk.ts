// A disk in memory that behaves as badly as a cheap card: what was not synced may be lost, torn or reordered when power
// goes; writes may fail, the disk may be full or read-only, bits may flip.
// Invariants: what a sync has confirmed is there after a power cut; a killed process loses nothing that it has written;
// all chance comes from the dice. Not here: SQLite on top of it (sqlite.ts).
import type { Dice } from './random.ts';

/** What a disk writes whole or not at all; what is torn is torn between two of them, or within one. */
const SECTOR_BYTES = 512;

type Change =
  /** The bytes lie in the file's log, `from` there. */
  | { readonly kind: 'write'; readonly at: number; readonly from: number; readonly count: number }
  | { readonly kind: 'truncate'; readonly size: number };

/** Bytes that grow as they are written. */
class Extent {
  bytes = new Uint8Array(4096);
  size = 0;

  write(at: number, bytes: Uint8Array): void {
    const end = at + bytes.length;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, this.size));
      this.bytes = larger;
    }
    this.bytes.set(bytes, at);
    this.size = Math.max(this.size, end);
  }

  truncate(size: number): void {
    if (size < this.size) this.bytes.fill(0, size, this.size);
    this.size = Math.min(this.size, size);
  }

  /** Takes what `other` holds from `at` to `end`, and its size. */
  mirror(other: Extent, at: number, end: number): void {
    const to = Math.min(end, other.size);
    if (to > at) this.write(at, other.bytes.subarray(at, to));
    if (other.size < this.size) this.truncate(other.size);
    this.size = other.size;
  }

  copy(): Extent {
    const copy = new Extent();
    copy.bytes = this.bytes.slice(0, Math.max(4096, this.size));
    copy.size = this.size;
    return copy;
  }
}

export class SimFile {
  /** What programs read. */
  seen = new Extent();
  /** What a power cut leaves for sure. */
  safe = new Extent();
  /** Its name is safe too. */
  named = false;
  pending: Change[] = [];
  /** What was written since the last sync, one after the other; one piece, since small ones would cost a collector. */
  #log = new Extent();

  /** @param bytes only lent. */
  write(at: number, bytes: Uint8Array): void {
    this.pending.push({ kind: 'write', at, from: this.#log.size, count: bytes.length });
    this.#log.write(this.#log.size, bytes);
    this.seen.write(at, bytes);
  }

  truncate(size: number): void {
    this.pending.push({ kind: 'truncate', size });
    this.seen.truncate(size);
  }

  sync(): void {
    for (const change of this.pending) this.keep(change);
    this.forget();
  }

  keep(change: Change): void {
    if (change.kind === 'write') this.safe.write(change.at, this.bytesOf(change));
    else this.safe.truncate(change.size);
  }

  bytesOf({ from, count }: Extract<Change, { kind: 'write' }>): Uint8Array {
    return this.#log.bytes.subarray(from, from + count);
  }

  forget(): void {
    this.pending = [];
    this.#log.size = 0;
  }

  /** What programs see, all of it safe. */
  copy(): SimFile {
    const copy = new SimFile();
    copy.seen = this.seen.copy();
    copy.safe = this.seen.copy();
    copy.named = true;
    return copy;
  }
}

export type Refusal = 'full' | 'error' | 'read-only' | 'gone';

export class SimDisk {
  files = new Map<string, SimFile>();
  /** Deleted, but not safely so: may be there again after a power cut. */
  #deleted = new Map<string, SimFile>();
  readonly #dice: Dice;
  /** Rises when power goes or the process dies: what was open before is dead. */
  era = 0;
  /** Power goes at this many further operations; `null`: not by itself. */
  cutAfter: number | null = null;
  onCut: () => void = () => undefined;
  /** Most bytes that all files may have; infinite when nothing else fills the disk. */
  capacityBytes = Number.POSITIVE_INFINITY;
  readOnly = false;
  /** Share of operations that fail, reads among them. */
  errorRate = 0;
  /** Operations that were refused, for the report. */
  refused = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** To be asked before every operation that changes something; `null`: it may happen. */
  refusal(era: number, grownBytes: number): Refusal | null {
    if (era !== this.era) return 'gone';
    if (this.cutAfter !== null && --this.cutAfter < 0) {
      this.cutAfter = null;
      this.cutPower();
      this.onCut();
      return 'gone';
    }
    const refusal = this.#refusal(grownBytes);
    if (refusal !== null) this.refused++;
    return refusal;
  }

  #refusal(grownBytes: number): Refusal | null {
    if (this.readOnly) return 'read-only';
    if (grownBytes > 0 && this.usedBytes() + grownBytes > this.capacityBytes) return 'full';
    return this.errorRate > 0 && this.#dice.chance(this.errorRate) ? 'error' : null;
  }

  /** Whether a read gives nothing: the disk fails, or was left behind by the process that reads. */
  failsToRead(era: number): boolean {
    if (era !== this.era) return true;
    const fails = this.errorRate > 0 && this.#dice.chance(this.errorRate);
    if (fails) this.refused++;
    return fails;
  }

  usedBytes(): number {
    let sum = 0;
    for (const file of this.files.values()) sum += file.seen.size;
    return sum;
  }

  /** As SQLite does it: the first sync of a new file syncs its folder too, and with it all that happened there. */
  sync(file: SimFile): void {
    file.sync();
    if (file.named) return;
    for (const other of this.files.values()) other.named = true;
    this.#deleted.clear();
  }

  delete(name: string, safely: boolean): void {
    const file = this.files.get(name);
    if (file === undefined) return;
    this.files.delete(name);
    if (!safely && file.named) this.#deleted.set(name, file);
  }

  rename(from: string, to: string): void {
    const file = this.files.get(from);
    if (file === undefined) return;
    this.files.delete(from);
    this.files.set(to, file);
  }

  /** The process dies, the machine stays: nothing that was written is lost. */
  kill(): void {
    this.era++;
    this.cutAfter = null;
  }

  cutPower(): void {
    this.kill();
    const dice = this.#dice;
    for (const [name, file] of this.#deleted) {
      if (!this.files.has(name) && dice.chance(0.5)) this.files.set(name, file);
    }
    this.#deleted.clear();
    for (const [name, file] of [...this.files]) {
      if (!file.named && dice.chance(0.5)) {
        this.files.delete(name);
        continue;
      }
      this.#settle(file);
    }
  }

  /** What the disk made of the changes that nobody had waited for. */
  #settle(file: SimFile): void {
    const dice = this.#dice;
    const fate = dice.pick(['none', 'all', 'first', 'any']);
    const end = dice.below(file.pending.length + 1);
    for (const [i, change] of file.pending.entries()) {
      if (fate === 'none') break;
      if (fate === 'all' || (fate === 'first' && i < end)) file.keep(change);
      else if (fate === 'any' || i === end) this.#tear(file, change);
      if (fate === 'first' && i >= end) break;
    }
    for (const change of file.pending) {
      const end = change.kind === 'write' ? change.at + change.count : file.safe.size;
      file.seen.mirror(file.safe, change.kind === 'write' ? change.at : change.size, end);
    }
    file.forget();
    file.named = true;
  }

  #tear(file: SimFile, change: Change): void {
    const dice = this.#dice;
    if (change.kind === 'truncate') {
      if (dice.chance(0.5)) file.keep(change);
      return;
    }
    const extent = file.safe;
    const { at } = change;
    const bytes = file.bytesOf(change);
    for (let from = 0; from < bytes.length; ) {
      // Sectors are counted on the disk, not in the write.
      const end = Math.min(bytes.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES));
      const part = bytes.subarray(from, end);
      const fate = dice.uniform();
      if (fate < 0.45) extent.write(at + from, part);
      else if (fate < 0.5) extent.write(at + from, part.subarray(0, dice.below(part.length + 1)));
      // The file system had made it longer and not yet written what is there.
      else if (fate < 0.55 && at + end > extent.size) extent.write(at + from, new Uint8Array(part.length));
      else if (fate < 0.58) extent.write(at + from, dice.bytes(part.length));
      from = end;
    }
  }

  /** Flips one bit of what is safe. Only while nothing is open. */
  flipBit(): void {
    const sizes = [...this.files.values()].filter((file) => file.safe.size > 0);
    const file = sizes[this.#dice.below(sizes.length)];
    if (file === undefined) return;
    const at = this.#dice.below(file.safe.size);
    const bit = 1 << this.#dice.below(8);
    for (const extent of [file.safe, file.seen]) extent.bytes[at] = (extent.bytes[at] ?? 0) ^ bit;
  }

  /** The files as programs see them, for a backup or a clone. */
  image(): Map<string, SimFile> {
    return new Map([...this.files].map(([name, file]) => [name, file.copy()]));
  }

  /** Replaces all files; only while nothing is open. */
  load(image: ReadonlyMap<string, SimFile>): void {
    this.kill();
    this.#deleted.clear();
    this.files = new Map([...image].map(([name, file]) => [name, file.copy()]));
  }
}
