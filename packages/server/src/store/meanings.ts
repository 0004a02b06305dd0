// What blocks need to be read: the schemas and priors of each machine, kept for ever.
// Invariants: a block names its schema, or the prior that implies it, by the first digits of a hash, looked up among
// those of its own machine only; a prior is kept when it decodes under its schema and is what its hash says.
// Not here: blocks.
import { type BlockHeader, decodePrior, type Prior } from '@vigie/codec';
import { codecSchema, type MachineSchema, machineSchemaSchema } from '@vigie/model';
import type { Sqlite } from './connect.ts';

export type Meaning =
  | {
      readonly ok: true;
      readonly schemaHash: string;
      readonly schema: MachineSchema;
      readonly prior: Prior | null;
    }
  | { readonly ok: false; readonly reason: string };

interface PriorRow {
  readonly hash: string;
  readonly schema_hash: string;
  readonly bytes: Uint8Array;
}

export class Meanings {
  readonly #sql: ReturnType<typeof statements>;
  readonly #schemas = new Map<string, MachineSchema>();
  readonly #priors = new Map<string, { readonly prior: Prior; readonly schemaHash: string }>();

  constructor(db: Sqlite) {
    this.#sql = statements(db);
  }

  schema(hash: string): MachineSchema | null {
    const known = this.#schemas.get(hash);
    if (known !== undefined) return known;
    const json = this.#sql.schema.get(hash) as string | undefined;
    if (json === undefined) return null;
    const schema = machineSchemaSchema.parse(JSON.parse(json));
    this.#schemas.set(hash, schema);
    return schema;
  }

  putSchema(machine: string, hash: string, schema: MachineSchema): void {
    this.#sql.addSchema.run(hash, JSON.stringify(schema));
    this.nameSchema(machine, hash);
  }

  /** The machine's blocks may be of this schema. */
  nameSchema(machine: string, hash: string): void {
    this.#sql.nameSchema.run(machine, hash);
  }

  hasPrior(machine: string, hash: string): boolean {
    return this.#sql.hasPrior.get(machine, hash) !== undefined;
  }

  /** `false`: the bytes are no prior of that schema, or not the one the hash names. */
  putPrior(machine: string, hash: string, schemaHash: string, bytes: Uint8Array): boolean {
    const schema = this.schema(schemaHash);
    const decoded = schema === null ? null : decodePrior(bytes, codecSchema(schema));
    if (decoded === null || !decoded.ok || decoded.value.hash !== hash) return false;
    this.#sql.addPrior.run(machine, hash, schemaHash, bytes);
    return true;
  }

  prior(machine: string, tag: string): Prior | null {
    return this.#prior(machine, tag)?.prior ?? null;
  }

  /** What a machine's block needs, by its header. */
  of(machine: string, { schemaTag, priorTag }: Pick<BlockHeader, 'schemaTag' | 'priorTag'>): Meaning {
    const named = priorTag === null ? null : this.#prior(machine, priorTag);
    if (priorTag !== null && named === null)
      return { ok: false, reason: `its prior ${priorTag} is not known` };
    const tag = schemaTag ?? '';
    const schemaHash =
      named?.schemaHash ?? (this.#sql.schemaByTag.get(machine, tag, `${tag}g`) as string | undefined);
    const schema = schemaHash === undefined ? null : this.schema(schemaHash);
    if (schemaHash === undefined || schema === null) {
      return { ok: false, reason: `its schema ${tag} is not known` };
    }
    return { ok: true, schemaHash, schema, prior: named?.prior ?? null };
  }

  #prior(machine: string, tag: string): { readonly prior: Prior; readonly schemaHash: string } | null {
    const key = `${machine} ${tag}`;
    const known = this.#priors.get(key);
    if (known !== undefined) return known;
    const row = this.#sql.priorByTag.get(machine, tag, `${tag}g`) as PriorRow | undefined;
    const schema = row === undefined ? null : this.schema(row.schema_hash);
    if (row === undefined || schema === null) return null;
    const decoded = decodePrior(row.bytes, codecSchema(schema));
    if (!decoded.ok) return null;
    const found = { prior: decoded.value, schemaHash: row.schema_hash };
    this.#priors.set(key, found);
    return found;
  }
}

function statements(db: Sqlite) {
  return {
    schema: db.prepare('SELECT json FROM schema WHERE hash = ?').pluck(),
    addSchema: db.prepare('INSERT OR IGNORE INTO schema (hash, json) VALUES (?, ?)'),
    nameSchema: db.prepare('INSERT OR IGNORE INTO machine_schema (machine, hash) VALUES (?, ?)'),
    schemaByTag: db
      .prepare('SELECT hash FROM machine_schema WHERE machine = ? AND hash >= ? AND hash < ?')
      .pluck(),
    hasPrior: db.prepare('SELECT 1 FROM prior WHERE machine = ? AND hash = ?'),
    addPrior: db.prepare(
      'INSERT OR IGNORE INTO prior (machine, hash, schema_hash, bytes) VALUES (?, ?, ?, ?)',
    ),
    priorByTag: db.prepare('SELECT * FROM prior WHERE machine = ? AND hash >= ? AND hash < ?'),
  };
}
