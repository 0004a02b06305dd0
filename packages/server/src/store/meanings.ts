// What blocks need to be read: the schemas and priors of each machine, kept for ever.
// Invariants: a block names its schema, or the prior that implies it, by the first digits of a hash, looked up among
// those of its own machine only; a prior is kept when it decodes under its schema and is what its hash says. What is
// remembered never changes, so that it may be. Not here: blocks.
import { type BlockHeader, decodePrior, type Prior, readBlockHeader } from '@vigie/codec';
import { codecSchema, type MachineSchema, machineSchemaSchema } from '@vigie/model';
import type { Sql } from './database.ts';

export type Meaning =
  | {
      readonly ok: true;
      readonly schemaHash: string;
      readonly schema: MachineSchema;
      readonly prior: Prior | null;
    }
  | { readonly ok: false; readonly reason: string };

/** Priors remembered, some 50 kB each: what is read again takes milliseconds, which ten thousand machines have not. */
const MOST_PRIORS = 12_000;

interface PriorRow {
  readonly hash: string;
  readonly schema_hash: string;
  readonly bytes: Uint8Array;
}
interface Named {
  readonly prior: Prior;
  readonly schemaHash: string;
}

export class Meanings {
  readonly #sql: Sql;
  readonly #schemas = new Map<string, MachineSchema>();
  /** By the hash of the whole: machines that share one hold it once. */
  readonly #priors = new Map<string, Named>();
  /** Hashes by machine and tag. */
  readonly #tags = new Map<string, string>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async schema(hash: string): Promise<MachineSchema | null> {
    const known = this.#schemas.get(hash);
    if (known !== undefined) return known;
    const row = await this.#sql.get<{ json: string }>('SELECT json FROM schema WHERE hash = $1', hash);
    if (row === undefined) return null;
    const schema = machineSchemaSchema.parse(JSON.parse(row.json));
    this.#schemas.set(hash, schema);
    return schema;
  }

  async putSchema(machine: string, hash: string, schema: MachineSchema): Promise<void> {
    await this.#sql.run(
      'INSERT INTO schema (hash, json) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      hash,
      JSON.stringify(schema),
    );
    await this.nameSchema(machine, hash);
  }

  /** The machine's blocks may be of this schema. */
  async nameSchema(machine: string, hash: string): Promise<void> {
    await this.#sql.run(
      'INSERT INTO machine_schema (machine, hash) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      machine,
      hash,
    );
  }

  async hasPrior(machine: string, hash: string): Promise<boolean> {
    const row = await this.#sql.get(
      'SELECT 1 AS one FROM prior WHERE machine = $1 AND hash = $2',
      machine,
      hash,
    );
    return row !== undefined;
  }

  /** `false`: the bytes are no prior of that schema, or not the one the hash names. */
  async putPrior(machine: string, hash: string, schemaHash: string, bytes: Uint8Array): Promise<boolean> {
    const schema = await this.schema(schemaHash);
    const decoded = schema === null ? null : decodePrior(bytes, codecSchema(schema));
    if (decoded === null || !decoded.ok || decoded.value.hash !== hash) return false;
    await this.#sql.run(
      'INSERT INTO prior (machine, hash, schema_hash, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
      machine,
      hash,
      schemaHash,
      bytes,
    );
    return true;
  }

  /** What a machine's block needs, by its header. */
  async of(
    machine: string,
    { schemaTag, priorTag }: Pick<BlockHeader, 'schemaTag' | 'priorTag'>,
  ): Promise<Meaning> {
    const named = priorTag === null ? null : await this.#prior(machine, priorTag);
    if (priorTag !== null && named === null)
      return { ok: false, reason: `its prior ${priorTag} is not known` };
    const schemaHash = named?.schemaHash ?? (await this.#schemaHash(machine, schemaTag ?? ''));
    const schema = schemaHash === null ? null : await this.schema(schemaHash);
    if (schemaHash === null || schema === null) {
      return { ok: false, reason: `its schema ${schemaTag ?? ''} is not known` };
    }
    return { ok: true, schemaHash, schema, prior: named?.prior ?? null };
  }

  /** The prior that a stored block names; `null`: it needs none, or it is not there. */
  async priorOf(machine: string, block: Uint8Array): Promise<Prior | null> {
    const header = readBlockHeader(block);
    if (!header.ok || header.value.priorTag === null) return null;
    return (await this.#prior(machine, header.value.priorTag))?.prior ?? null;
  }

  async #schemaHash(machine: string, tag: string): Promise<string | null> {
    const key = `${machine} schema ${tag}`;
    const known = this.#tags.get(key);
    if (known !== undefined) return known;
    const row = await this.#sql.get<{ hash: string }>(
      'SELECT hash FROM machine_schema WHERE machine = $1 AND hash >= $2 AND hash < $3',
      machine,
      tag,
      `${tag}g`,
    );
    if (row !== undefined) this.#tags.set(key, row.hash);
    return row?.hash ?? null;
  }

  async #prior(machine: string, tag: string): Promise<Named | null> {
    const key = `${machine} prior ${tag}`;
    const known = this.#priors.get(this.#tags.get(key) ?? '');
    if (known !== undefined) return known;
    const row = await this.#sql.get<PriorRow>(
      'SELECT hash, schema_hash, bytes FROM prior WHERE machine = $1 AND hash >= $2 AND hash < $3',
      machine,
      tag,
      `${tag}g`,
    );
    if (row === undefined) return null;
    this.#tags.set(key, row.hash);
    const same = this.#priors.get(row.hash);
    if (same !== undefined) return same;
    const schema = await this.schema(row.schema_hash);
    const decoded = schema === null ? null : decodePrior(row.bytes, codecSchema(schema));
    if (decoded === null || !decoded.ok) return null;
    const found = { prior: decoded.value, schemaHash: row.schema_hash };
    const [oldest] = this.#priors.keys();
    if (this.#priors.size >= MOST_PRIORS && oldest !== undefined) this.#priors.delete(oldest);
    this.#priors.set(row.hash, found);
    return found;
  }
}
