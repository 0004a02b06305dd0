// Priors learnt from this machine's own rows, kept beside the blocks that need them.
// Invariants: each is kept twice, since a damaged one would take all of its blocks with it; what is given is what its
// hash says; no two share the digits by which blocks name them. Not here: learning them (trainer.ts), sending them.
import { decodePrior, type Prior } from '@vigie/codec';
import { codecSchema, type MachineSchema } from '@vigie/model';
import { attempt } from './database.ts';
import type { SpoolDatabase } from './disk.ts';

/** A block names its prior by the first digits of the hash. */
const TAG_DIGITS = 6;
/**
 * Rows after which the first prior is learnt, the second (of hours), the third (of a day, with all that a machine does
 * in it), and then one a week. At a row a second and 41 channels a block of a minute takes 597 bytes without, then
 * about 571, 562 and 555; a prior takes 1 to 5 kB once.
 */
const FIRST_ROWS = 900;
const AFTER_ROWS = [7_200, 86_400] as const;
const FURTHER_ROWS = 604_800;

interface PriorRow {
  readonly hash: string;
  readonly schema: string;
  readonly made_sequence: number;
  readonly bytes: Buffer;
  readonly copy: Buffer;
}

export class Priors {
  readonly #db: SpoolDatabase;
  readonly #schemaOf: (hash: string) => MachineSchema | null;
  readonly #known = new Map<string, Prior | null>();

  /** @param schemaOf schema by hash, `null` when the spool does not have it. */
  constructor(db: SpoolDatabase, schemaOf: (hash: string) => MachineSchema | null) {
    this.#db = db;
    this.#schemaOf = schemaOf;
  }

  /** The newest one for a schema, which new blocks are to be encoded with. */
  newest(schemaHash: string): Prior | null {
    for (const { hash } of this.#ofSchema(schemaHash)) {
      const prior = this.#load(hash);
      if (prior !== null) return prior;
    }
    return null;
  }

  byTag(tag: string): Prior | null {
    const hash = this.hashOf(tag);
    return hash === null ? null : this.#load(hash);
  }

  /** `null`: no prior is named so. */
  hashOf(tag: string): string | null {
    const row = this.#db
      .prepare<[string, string], { hash: string }>('SELECT hash FROM prior WHERE hash >= ? AND hash < ?')
      .get(tag, `${tag}g`);
    return row?.hash ?? null;
  }

  /** What travels to the server. */
  record(hash: string): { readonly schemaHash: string; readonly bytes: Uint8Array } | null {
    const row = this.#row(hash);
    const schema = row === undefined ? null : this.#schemaOf(row.schema);
    if (row === undefined || schema === null) return null;
    const sound = [row.bytes, row.copy].find((bytes) => priorOf(bytes, schema, hash) !== null);
    return sound === undefined ? null : { schemaHash: row.schema, bytes: sound };
  }

  /** @param holds whether so many rows of the schema are held; asked only while there is no prior. */
  isDue(schemaHash: string, holds: (rows: number) => boolean, nextSequence: number): boolean {
    const made = this.#ofSchema(schemaHash);
    const last = made[0];
    if (last === undefined) return holds(FIRST_ROWS);
    return nextSequence - last.made_sequence >= (AFTER_ROWS[made.length - 1] ?? FURTHER_ROWS);
  }

  /** Keeps a prior; `false`: it is none for this schema, or another one has its digits. */
  adopt(schemaHash: string, bytes: Uint8Array, nextSequence: number): boolean {
    const schema = this.#schemaOf(schemaHash);
    const decoded = schema === null ? null : decodePrior(bytes, codecSchema(schema));
    if (decoded === null || !decoded.ok) return false;
    const { hash } = decoded.value;
    if (this.hashOf(hash.slice(0, TAG_DIGITS)) !== null) return false;
    const kept = attempt(() =>
      this.#db
        .prepare('INSERT INTO prior VALUES (?, ?, ?, ?, ?)')
        .run(hash, schemaHash, nextSequence, bytes, bytes),
    );
    if (kept.ok) this.#known.set(hash, decoded.value);
    return kept.ok;
  }

  #ofSchema(schemaHash: string): { readonly hash: string; readonly made_sequence: number }[] {
    return this.#db
      .prepare<[string], { hash: string; made_sequence: number }>(
        'SELECT hash, made_sequence FROM prior WHERE schema = ? ORDER BY made_sequence DESC, rowid DESC',
      )
      .all(schemaHash);
  }

  #row(hash: string): PriorRow | undefined {
    return this.#db.prepare<[string], PriorRow>('SELECT * FROM prior WHERE hash = ?').get(hash);
  }

  /** `null`: both copies are damaged. */
  #load(hash: string): Prior | null {
    const known = this.#known.get(hash);
    if (known !== undefined) return known;
    const row = this.#row(hash);
    const schema = row === undefined ? null : this.#schemaOf(row.schema);
    const prior =
      row === undefined || schema === null
        ? null
        : (priorOf(row.bytes, schema, hash) ?? priorOf(row.copy, schema, hash));
    this.#known.set(hash, prior);
    return prior;
  }
}

/** `null`: the bytes are not those of the prior with this hash. */
function priorOf(bytes: Uint8Array, schema: MachineSchema, hash: string): Prior | null {
  const decoded = decodePrior(bytes, codecSchema(schema));
  return decoded.ok && decoded.value.hash === hash ? decoded.value : null;
}
