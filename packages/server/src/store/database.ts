// The SQL that the store is written against: one text for SQLite and PostgreSQL, parameters as $1 … $n.
// Invariants: what `transaction` has resolved is on disk; inside it nothing else of this process is seen or mixed in;
// whole numbers come back as numbers, bytes as Uint8Array. Batches are given as rows, since PostgreSQL takes them in one
// statement and SQLite row by row at no cost. Not here: tables (migrations.ts), what is stored (sql-store.ts).

export type SqlValue = string | number | Uint8Array | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** Of a column in a batch; as PostgreSQL must be told. */
export type ColumnType = 'text' | 'bigint' | 'float8' | 'bytea';
export type Columns = Readonly<Record<string, ColumnType>>;

export interface Sql {
  all<Row>(text: string, ...parameters: readonly SqlValue[]): Promise<Row[]>;
  get<Row>(text: string, ...parameters: readonly SqlValue[]): Promise<Row | undefined>;
  /** @returns rows that were changed. */
  run(text: string, ...parameters: readonly SqlValue[]): Promise<number>;
  /** @param tail what follows the values: ON CONFLICT … */
  insert(table: string, columns: Columns, rows: readonly SqlRow[], tail?: string): Promise<void>;
  /** Of each row, finds the one in `table` by `keys` and gives it the values of `columns`. */
  update(table: string, keys: Columns, columns: Columns, rows: readonly SqlRow[]): Promise<void>;
  /** Deletes the rows of `table` whose `keys` are those of one in `rows`. */
  remove(table: string, keys: Columns, rows: readonly SqlRow[]): Promise<void>;
  /** Rows of `table` whose `keys` are those of one in `rows`, which must differ; locked until the transaction ends. */
  lock<Row>(table: string, keys: Columns, rows: readonly SqlRow[]): Promise<Row[]>;
  /** The same, without a lock. */
  find<Row>(table: string, keys: Columns, rows: readonly SqlRow[]): Promise<Row[]>;
}

/** Machines of which another process may have changed what is set or believed; none: nothing has changed. */
export type Changes = ReadonlySet<string> | 'anything';
export const NO_CHANGES: Changes = new Set<string>();

export function bothChanges(one: Changes, other: Changes): Changes {
  return one === 'anything' || other === 'anything' ? 'anything' : new Set([...one, ...other]);
}

export interface Database extends Sql {
  /** Several servers may be on it, on machines of their own. */
  readonly isShared: boolean;
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** What another process may have changed since this was asked last. */
  changedElsewhere(): Promise<Changes>;
  /** Another one whenever anything in it may have changed, by whomever; `null`: that cannot be told. */
  version(): string | null;
  /** Whether an error says that the database cannot be reached now, whatever was asked of it. */
  isAway(error: unknown): boolean;
  /** Gives room back that is not used any more; little at a time. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

/** Why a server cannot use what it was given, a database or files beside it; `message` is one sentence for the operator. */
export class StoreError extends Error {
  readonly code: 'newer-schema' | 'folder-in-use' | 'database-unusable' | 'other-link-key' | 'tls-unusable';
  constructor(code: StoreError['code'], message: string) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
  }
}

/** @param name of the database in the sentence */
export function newerSchema(name: string, found: number, known: number): StoreError {
  return new StoreError(
    'newer-schema',
    `${name} was written by a newer Vigie (schema ${found}, this one knows ${known}): update Vigie, or restore an older backup.`,
  );
}
