// The tables of the SQLite store, by version. A change adds a script at the end; what stands is never edited.
// Instants are Unix ms UTC; machine comes first in every key.
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE machine (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    site TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    public_key TEXT,
    interval_ms INTEGER NOT NULL DEFAULT 60000,
    schema_hash TEXT,
    retired INTEGER NOT NULL DEFAULT 0,
    -- What the journal said last (journal/changes.ts), JSON.
    conditions TEXT
  ) STRICT;
  CREATE TABLE enrolment_code (sha256 TEXT PRIMARY KEY, machine TEXT NOT NULL REFERENCES machine, expires_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE schema (hash TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
  -- Schemas that a machine's edge has named.
  CREATE TABLE machine_schema (machine TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (machine, hash)) STRICT;
  CREATE TABLE prior (
    machine TEXT NOT NULL, hash TEXT NOT NULL, schema_hash TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (machine, hash)
  ) STRICT;
  -- next_sequence: high-water mark, the first row not stored.
  CREATE TABLE spool (machine TEXT NOT NULL, spool TEXT NOT NULL, next_sequence INTEGER NOT NULL, PRIMARY KEY (machine, spool)) STRICT;
  CREATE TABLE anchor (
    machine TEXT NOT NULL, spool TEXT NOT NULL, boot INTEGER NOT NULL,
    monotonic_ms INTEGER NOT NULL, utc_ms INTEGER NOT NULL, error_ms INTEGER NOT NULL,
    PRIMARY KEY (machine, spool, boot, monotonic_ms)
  ) STRICT;
  -- bytes: as received. from_ms, to_ms: first and last instant, NULL until the boot has an anchor.
  -- skip_rows: leading rows that an earlier block holds already. first_sequence: of the first row after them.
  CREATE TABLE block (
    machine TEXT NOT NULL, spool TEXT NOT NULL, first_sequence INTEGER NOT NULL,
    boot INTEGER NOT NULL, monotonic_ms INTEGER NOT NULL, span_ms INTEGER NOT NULL,
    row_count INTEGER NOT NULL, skip_rows INTEGER NOT NULL, schema_hash TEXT NOT NULL,
    from_ms INTEGER, to_ms INTEGER, bytes BLOB NOT NULL,
    UNIQUE (machine, spool, first_sequence)
  ) STRICT;
  CREATE INDEX block_by_time ON block (machine, to_ms);
  CREATE TABLE set_aside (
    machine TEXT NOT NULL, spool TEXT NOT NULL, first_sequence INTEGER NOT NULL,
    row_count INTEGER NOT NULL, reason TEXT NOT NULL, bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE gap (
    machine TEXT NOT NULL, spool TEXT NOT NULL, first_sequence INTEGER NOT NULL,
    next_sequence INTEGER NOT NULL, reason TEXT NOT NULL
  ) STRICT;
  CREATE TABLE journal (machine TEXT NOT NULL, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, channel TEXT, facts TEXT NOT NULL) STRICT;
  CREATE INDEX journal_by_time ON journal (machine, at_ms);
  `,
  `
  ALTER TABLE machine ADD COLUMN data_budget_mb REAL;
  -- Names, bands and limits that differ from the model's (model/settings.ts), JSON by channel.
  ALTER TABLE machine ADD COLUMN overrides TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE machine ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0;
  -- What the edge made of the settings it was sent last (EdgeAnswer in store.ts), JSON.
  ALTER TABLE machine ADD COLUMN edge_answer TEXT;
  -- By which the edge accepts this server, JSON array.
  ALTER TABLE machine ADD COLUMN edge_pins TEXT NOT NULL DEFAULT '[]';
  -- Boots of the machine's edges in the order they were met (gateway/clones.ts); refused: of a second box, told once.
  CREATE TABLE boot (
    machine TEXT NOT NULL, spool TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL,
    met INTEGER NOT NULL, refused INTEGER NOT NULL, PRIMARY KEY (machine, spool, number, id)
  ) STRICT;
  -- Rotations of the server's key on the link; the keys themselves are files.
  CREATE TABLE link_key (pin TEXT NOT NULL, since_ms INTEGER NOT NULL) STRICT;
  `,
  // Holds only what no anchor dates, so that years of dated blocks are not looked at, and all that is asked of it:
  // from_ms too, else SQLite looks that up in the block.
  `
  CREATE INDEX block_undated ON block (machine, spool, boot, first_sequence, monotonic_ms, span_ms, row_count, skip_rows, from_ms)
    WHERE from_ms IS NULL;
  `,
];
