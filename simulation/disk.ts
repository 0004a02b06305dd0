// A disk in memory that behaves as badly as a cheap card: what was not synced may be lost, torn or reordered when power
// goes; writes may fail, the disk may be full or read-only, bits may flip.
// Invariants: what a sync has confirmed is there after a power cut; a killed process loses nothing that it has written;
// all chance comes from the dice. Not here: SQLite on top of it (sqlite.ts).
import type { Dice } from './random.ts';

/** What a disk writes whole or not at all; what is torn is torn between two of them, or within one. */
const SECTOR_BYTES = 512;

/** What was done to a file since its last sync, with all that undoes it. Of bytes written over, those lie in the file's log. */
type Change =
  | {
      readonly kind: 'write';
      readonly at: number;
      readonly count: number;
      readonly sizeBefore: number;
      readonly overwrittenFrom: number;
      readonly overwritten: number;
    }
  | { readonly kind: 'truncate'; readonly size: number; readonly tail: Uint8Array };
/** The same, undone: what it would do. */
type Undone =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number };

/** Fewer bytes cost less one by one than by a view of them. */
const FEW_BYTES = 64;

/** Bytes that grow as they are written; zero beyond their size. */
class Extent {
  bytes = new Uint8Array(4096);
  size = 0;

  write(at: number, source: Uint8Array, from = 0, count = source.length): void {
    const end = at + count;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, this.size));
      this.bytes = larger;
    }
    const { bytes } = this;
    if (count > FEW_BYTES) bytes.set(source.subarray(from, from + count), at);
    else for (let i = 0; i < count; i++) bytes[at + i] = source[from + i] ?? 0;
    if (end > this.size) this.size = end;
  }

  truncate(size: number): void {
    if (size >= this.size) return;
    this.bytes.fill(0, size, this.size);
    this.size = size;
  }

  copy(): Extent {
    const copy = new Extent();
    copy.bytes = this.bytes.slice(0, Math.max(4096, this.size));
    copy.size = this.size;
    return copy;
  }
}

export class SimFile {
  /** What programs read; what a power cut leaves for sure once what is pending is undone. */
  seen = new Extent();
  /** Its name is safe too. */
  named = false;
  pending: Change[] = [];
  /** What was written over since the last sync, one after the other; one piece, since small ones would cost a collector. */
  #log = new Extent();

  /** @param source only lent. */
  write(at: number, source: Uint8Array, from = 0, count = source.length): void {
    const { seen } = this;
    const overwrittenFrom = this.#log.size;
    const overwritten = Math.max(0, Math.min(at + count, seen.size) - at);
    if (overwritten > 0) this.#log.write(overwrittenFrom, seen.bytes, at, overwritten);
    this.pending.push({ kind: 'write', at, count, sizeBefore: seen.size, overwrittenFrom, overwritten });
    seen.write(at, source, from, count);
  }

  truncate(size: number): void {
    this.pending.push({ kind: 'truncate', size, tail: this.seen.bytes.slice(size, this.seen.size) });
    this.seen.truncate(size);
  }

  /** All that is pending is safe. */
  sync(): void {
    this.pending = [];
    this.#log.size = 0;
  }

  /** Leaves what is safe for sure. @returns what was pending, in order */
  undo(): Undone[] {
    const undone = this.pending.toReversed().map((change) => this.#undone(change));
    this.sync();
    return undone.reverse();
  }

  #undone(change: Change): Undone {
    const { seen } = this;
    if (change.kind === 'truncate') {
      if (change.tail.length > 0) seen.write(change.size, change.tail);
      return { kind: 'truncate', size: change.size };
    }
    const { at, count, sizeBefore, overwrittenFrom, overwritten } = change;
    const bytes = seen.bytes.slice(at, at + count);
    seen.truncate(sizeBefore);
    if (overwritten > 0) seen.write(at, this.#log.bytes, overwrittenFrom, overwritten);
    return { kind: 'write', at, bytes };
  }

  /** What programs see, all of it safe. */
  copy(): SimFile {
    const copy = new SimFile();
    copy.seen = this.seen.copy();
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
    for (const [i, change] of file.undo().entries()) {
      if (fate === 'none') break;
      if (fate === 'all' || (fate === 'first' && i < end)) keep(file.seen, change);
      else if (fate === 'any' || i === end) this.#tear(file.seen, change);
      if (fate === 'first' && i >= end) break;
    }
    file.named = true;
  }

  #tear(extent: Extent, change: Undone): void {
    const dice = this.#dice;
    if (change.kind === 'truncate') {
      if (dice.chance(0.5)) keep(extent, change);
      return;
    }
    const { at, bytes } = change;
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

  /** Flips one bit. Only while nothing is open, and after a cut, since nothing may be pending. */
  flipBit(): void {
    const sizes = [...this.files.values()].filter((file) => file.seen.size > 0);
    const file = sizes[this.#dice.below(sizes.length)];
    if (file === undefined) return;
    const { bytes, size } = file.seen;
    const at = this.#dice.below(size);
    const bit = 1 << this.#dice.below(8);
    bytes[at] = (bytes[at] ?? 0) ^ bit;
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

function keep(extent: Extent, change: Undone): void {
  if (change.kind === 'write') extent.write(change.at, change.bytes);
  else extent.truncate(change.size);
}
