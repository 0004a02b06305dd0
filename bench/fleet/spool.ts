// What a simulated machine's spool answers to its uplink: blocks made when they are read, none kept, so that ten thousand
// machines cost little memory and a backlog of hours nothing. Only what `Uplink` asks is there.
// Invariants: block k holds sequences 60 k … 60 k + 59 and starts on the boot's own axis where its rows begin.
// Not here: the bytes of rows (recording.ts), a disk.
import type { Spool } from '../../packages/edge/src/spool/spool.ts';
import { BLOCK_MS, BLOCK_ROWS, type MachinePrior, type Recording, ROW_MS } from './recording.ts';

/** What `Uplink` uses of a spool; the types are the spool's own, so that a change there shows here. */
export type UplinkSpool = Pick<
  Spool,
  | 'id'
  | 'boot'
  | 'bootId'
  | 'schemaHash'
  | 'priorHash'
  | 'nextSequence'
  | 'acknowledged'
  | 'oldestSequence'
  | 'acknowledge'
  | 'schemaJson'
  | 'prior'
  | 'rowAt'
  | 'read'
  | 'liveBlock'
  | 'renew'
>;

/** Instant of a boot's first row on its own axis: a machine connects before it, and no axis has an instant below zero. */
export const FIRST_ROW_MS = 120_000;

export class MadeUpSpool implements UplinkSpool {
  readonly id: string;
  readonly boot = 1;
  readonly bootId: string;
  readonly #recording: Recording;
  readonly #prior: MachinePrior;
  /** Where in the recording its rows begin. */
  readonly #from: number;
  #blocks: number;
  #acknowledged = 0;

  /** @param blocks held from the start. */
  constructor(options: {
    readonly id: string;
    readonly bootId: string;
    readonly recording: Recording;
    readonly prior: MachinePrior;
    readonly from: number;
    readonly blocks: number;
  }) {
    this.id = options.id;
    this.bootId = options.bootId;
    this.#recording = options.recording;
    this.#prior = options.prior;
    this.#from = options.from;
    this.#blocks = options.blocks;
  }

  /** A minute is over. @returns the number of its block. */
  addBlock(): number {
    return this.#blocks++;
  }

  get blocks(): number {
    return this.#blocks;
  }
  get schemaHash(): string {
    return this.#recording.schemaHash;
  }
  get priorHash(): string {
    return this.#prior.hash;
  }
  get nextSequence(): number {
    return this.#blocks * BLOCK_ROWS;
  }
  get acknowledged(): number {
    return this.#acknowledged;
  }

  oldestSequence(): ReturnType<Spool['oldestSequence']> {
    return { ok: true, value: 0 };
  }

  acknowledge(sequence: number): ReturnType<Spool['acknowledge']> {
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
    return { ok: true, value: undefined };
  }

  schemaJson(hash: string): string | null {
    return hash === this.schemaHash ? this.#recording.schemaJson : null;
  }

  prior(hash: string): ReturnType<Spool['prior']> {
    return hash === this.#prior.hash ? { schemaHash: this.schemaHash, bytes: this.#prior.bytes } : null;
  }

  rowAt(sequence: number): ReturnType<Spool['rowAt']> {
    return { bootNumber: this.boot, monotonicMs: FIRST_ROW_MS + sequence * ROW_MS };
  }

  read(sequence: number): ReturnType<Spool['read']> {
    const k = Math.floor(sequence / BLOCK_ROWS);
    if (k >= this.#blocks) return { ok: true, value: null };
    return {
      ok: true,
      value: {
        kind: 'block',
        firstSequence: k * BLOCK_ROWS,
        nextSequence: (k + 1) * BLOCK_ROWS,
        bootNumber: this.boot,
        monotonicStartMs: FIRST_ROW_MS + k * BLOCK_MS,
        schemaHash: this.schemaHash,
        priorHash: this.#prior.hash,
        block: this.#recording.block(this.#from + k, this.#prior),
      },
    };
  }

  liveBlock(): Uint8Array {
    return this.#recording.liveRow(this.#from + Math.max(0, this.#blocks - 1));
  }

  renew(): ReturnType<Spool['renew']> {
    return { ok: false, message: 'the server holds rows that this machine never made' };
  }
}
