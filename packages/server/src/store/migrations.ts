// The tables of the store, by version: of SQLite's hot file, of its archive files (one a month), and of PostgreSQL, which
// holds both. A change adds a script at the end of each list it concerns; what stands is never edited. docs/database.md
// says what each table is for. Instants are Unix ms UTC; machine comes first in every key.
// Invariant: both databases have the same tables and columns, but for what only several servers need (server, presence)
// and for accounts, which have a file of their own beside SQLite (accounts/tables.ts).
import { MANAGEMENT_OF_POSTGRES } from '../accounts/tables.ts';
import { ALARMS_OF_POSTGRES, ALARMS_OF_SQLITE } from '../alarms/tables.ts';
import { MAIL_TABLES, NOTIFICATIONS_COLUMN } from '../mail/tables.ts';

/** Rises with each change that people make to it, so that two who edit at once do not overwrite each other. */
const MACHINE_VERSION = 'ALTER TABLE machine ADD COLUMN version BIGINT NOT NULL DEFAULT 1;';

/** deleted_ms: NULL while it is shown. author: an account, which may be gone; author_name: as it was when the note was made. */
const NOTE = `
  CREATE TABLE note (
    machine TEXT NOT NULL, id TEXT NOT NULL, at_ms BIGINT NOT NULL, text TEXT NOT NULL, author TEXT NOT NULL,
    author_name TEXT NOT NULL, made_at_ms BIGINT NOT NULL, deleted_ms BIGINT, PRIMARY KEY (machine, id)
  )`;
const NOTE_INDEX = 'CREATE INDEX note_by_time ON note (machine, at_ms)';

/**
 * Marks nodes of 1024 minutes, which there were none of before, wherever a boot may have rows: between its first and last one
 * by the anchors that are furthest from each other, and a day beside them for what a clock drifts beyond its anchors.
 */
const LONGEST_NODES = `
  INSERT INTO dirty (machine, level, from_ms, due_ms, revision)
  WITH RECURSIVE span AS (
    SELECT e.machine, min(a.utc_ms - a.monotonic_ms) + e.first_monotonic_ms - 86400000 AS from_ms,
      max(a.utc_ms - a.monotonic_ms) + e.last_monotonic_ms + 86400000 AS to_ms
    FROM extent e JOIN anchor a ON a.machine = e.machine AND a.spool = e.spool AND a.boot = e.boot
    GROUP BY e.machine, e.spool, e.boot
  ), node AS (
    SELECT machine, from_ms / 3686400000 * 3686400000 AS from_ms, to_ms FROM span
    UNION SELECT machine, from_ms + 3686400000, to_ms FROM node WHERE from_ms + 3686400000 <= to_ms
  )
  SELECT DISTINCT machine, 1024, from_ms, from_ms + 3686700000, 1 FROM node WHERE true
  ON CONFLICT DO NOTHING;
`;

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
  // What sealing needs: where each boot's rows begin and end, since its blocks leave this file; which nodes are to be made.
  `
  ALTER TABLE spool ADD COLUMN last_boot INTEGER;
  ALTER TABLE spool ADD COLUMN last_monotonic_ms INTEGER;
  CREATE TABLE extent (
    machine TEXT NOT NULL, spool TEXT NOT NULL, boot INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL, next_sequence INTEGER NOT NULL,
    first_monotonic_ms INTEGER NOT NULL, last_monotonic_ms INTEGER NOT NULL,
    PRIMARY KEY (machine, spool, boot)
  ) STRICT;
  CREATE TABLE dirty (
    machine TEXT NOT NULL, level INTEGER NOT NULL, from_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (machine, level, from_ms)
  ) STRICT;
  CREATE INDEX dirty_due ON dirty (level, due_ms);
  CREATE TABLE usage (
    machine TEXT NOT NULL, month_ms INTEGER NOT NULL, block_bytes INTEGER NOT NULL, rows INTEGER NOT NULL,
    PRIMARY KEY (machine, month_ms)
  ) STRICT;
  ALTER TABLE machine ADD COLUMN keep_days INTEGER;
  INSERT INTO extent SELECT machine, spool, boot, min(first_sequence), max(first_sequence - skip_rows + row_count),
    min(monotonic_ms), max(monotonic_ms + span_ms) FROM block GROUP BY machine, spool, boot;
  UPDATE spool SET last_boot = e.boot, last_monotonic_ms = e.last_monotonic_ms FROM extent e
    WHERE e.machine = spool.machine AND e.spool = spool.spool AND e.next_sequence = spool.next_sequence;
  INSERT OR IGNORE INTO dirty SELECT DISTINCT machine, 1, from_ms / 3600000 * 3600000, 0, 1 FROM block WHERE from_ms IS NOT NULL;
  INSERT OR IGNORE INTO dirty SELECT DISTINCT machine, 1, to_ms / 3600000 * 3600000, 0, 1 FROM block WHERE to_ms IS NOT NULL;
  INSERT INTO usage SELECT machine, unixepoch(to_ms / 1000, 'unixepoch', 'start of month') * 1000, sum(length(bytes)),
    sum(row_count - skip_rows) FROM block WHERE to_ms IS NOT NULL GROUP BY 1, 2;
  `,
  `
  ALTER TABLE link_key ADD COLUMN spare_pin TEXT;
  `,
  // Before which instant rows may be gone, as keep_days wants; NULL: none is (retention.ts).
  'ALTER TABLE machine ADD COLUMN raw_from_ms INTEGER;',
  // samples: JSON, in the order of the schema's channels.
  `
  CREATE TABLE present (
    machine TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, schema_hash TEXT NOT NULL, samples TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX journal_by_channel ON journal (machine, channel, at_ms) WHERE channel IS NOT NULL;
  `,
  `${ofSqlite(NOTE)}\n${NOTE_INDEX};`,
  MACHINE_VERSION.replace('BIGINT', 'INTEGER'),
  ALARMS_OF_SQLITE,
  MAIL_TABLES.replaceAll('BIGINT', 'INTEGER'),
  LONGEST_NODES,
];

/** chunk: the blocks of an hour as received (pack.ts). rollup: 60 intervals of a level (rollup.ts). */
const CHUNK = `
  CREATE TABLE chunk (
    machine TEXT NOT NULL, hour_ms BIGINT NOT NULL, from_ms BIGINT NOT NULL, to_ms BIGINT NOT NULL,
    row_count BIGINT NOT NULL, bytes BYTEA NOT NULL, PRIMARY KEY (machine, hour_ms)
  )`;
const ROLLUP = `
  CREATE TABLE rollup (
    machine TEXT NOT NULL, level BIGINT NOT NULL, from_ms BIGINT NOT NULL, schema_hash TEXT NOT NULL,
    ends TEXT NOT NULL, bytes BYTEA NOT NULL, PRIMARY KEY (machine, level, from_ms, schema_hash)
  )`;
const CHUNK_INDEX = 'CREATE INDEX chunk_by_time ON chunk (machine, to_ms, hour_ms, from_ms)';

function ofSqlite(table: string): string {
  return `${table.replaceAll('BIGINT', 'INTEGER').replaceAll('BYTEA', 'BLOB')} STRICT;`;
}

export const ARCHIVE_MIGRATIONS: readonly string[] = [
  `${ofSqlite(CHUNK)}\n${ofSqlite(ROLLUP)}\n${CHUNK_INDEX};`,
];

/** Hashes and names are compared byte by byte, as SQLite does, whatever the database's language. */
function ofPostgres(script: string): string {
  return script.replaceAll(/\bTEXT\b/g, 'TEXT COLLATE "C"');
}

export const POSTGRES_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE machine (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, site TEXT NOT NULL, time_zone TEXT NOT NULL, public_key TEXT,
    interval_ms BIGINT NOT NULL DEFAULT 60000, schema_hash TEXT, retired BIGINT NOT NULL DEFAULT 0, conditions TEXT,
    data_budget_mb DOUBLE PRECISION, overrides TEXT NOT NULL DEFAULT '{}', revoked BIGINT NOT NULL DEFAULT 0,
    edge_answer TEXT, edge_pins TEXT NOT NULL DEFAULT '[]', keep_days BIGINT
  );
  CREATE TABLE enrolment_code (sha256 TEXT PRIMARY KEY, machine TEXT NOT NULL REFERENCES machine, expires_ms BIGINT NOT NULL);
  CREATE TABLE schema (hash TEXT PRIMARY KEY, json TEXT NOT NULL);
  CREATE TABLE machine_schema (machine TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (machine, hash));
  CREATE TABLE prior (
    machine TEXT NOT NULL, hash TEXT NOT NULL, schema_hash TEXT NOT NULL, bytes BYTEA NOT NULL, PRIMARY KEY (machine, hash)
  );
  CREATE TABLE spool (
    machine TEXT NOT NULL, spool TEXT NOT NULL, next_sequence BIGINT NOT NULL, last_boot BIGINT, last_monotonic_ms BIGINT,
    PRIMARY KEY (machine, spool)
  );
  CREATE TABLE anchor (
    machine TEXT NOT NULL, spool TEXT NOT NULL, boot BIGINT NOT NULL,
    monotonic_ms BIGINT NOT NULL, utc_ms BIGINT NOT NULL, error_ms BIGINT NOT NULL,
    PRIMARY KEY (machine, spool, boot, monotonic_ms)
  );
  CREATE TABLE block (
    machine TEXT NOT NULL, spool TEXT NOT NULL, first_sequence BIGINT NOT NULL,
    boot BIGINT NOT NULL, monotonic_ms BIGINT NOT NULL, span_ms BIGINT NOT NULL,
    row_count BIGINT NOT NULL, skip_rows BIGINT NOT NULL, schema_hash TEXT NOT NULL,
    from_ms BIGINT, to_ms BIGINT, bytes BYTEA NOT NULL, PRIMARY KEY (machine, spool, first_sequence)
  );
  -- Blocks come and go within the hour: what they leave behind is to be tidied at once.
  ALTER TABLE block SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
  ALTER TABLE block ALTER COLUMN bytes SET STORAGE EXTERNAL;
  CREATE INDEX block_by_time ON block (machine, to_ms);
  CREATE INDEX block_undated ON block (machine, spool, boot, first_sequence) WHERE from_ms IS NULL;
  CREATE TABLE set_aside (
    machine TEXT NOT NULL, spool TEXT NOT NULL, first_sequence BIGINT NOT NULL,
    row_count BIGINT NOT NULL, reason TEXT NOT NULL, bytes BYTEA NOT NULL
  );
  CREATE TABLE gap (
    machine TEXT NOT NULL, spool TEXT NOT NULL, first_sequence BIGINT NOT NULL,
    next_sequence BIGINT NOT NULL, reason TEXT NOT NULL
  );
  CREATE INDEX gap_by_sequence ON gap (machine, spool, first_sequence);
  CREATE TABLE journal (
    machine TEXT NOT NULL, at_ms BIGINT NOT NULL, kind TEXT NOT NULL, channel TEXT, facts TEXT NOT NULL,
    rowid BIGSERIAL
  );
  CREATE INDEX journal_by_time ON journal (machine, at_ms);
  CREATE TABLE boot (
    machine TEXT NOT NULL, spool TEXT NOT NULL, number BIGINT NOT NULL, id TEXT NOT NULL,
    met BIGINT NOT NULL, refused BIGINT NOT NULL, PRIMARY KEY (machine, spool, number, id)
  );
  CREATE TABLE link_key (pin TEXT NOT NULL, since_ms BIGINT NOT NULL);
  CREATE TABLE extent (
    machine TEXT NOT NULL, spool TEXT NOT NULL, boot BIGINT NOT NULL,
    first_sequence BIGINT NOT NULL, next_sequence BIGINT NOT NULL,
    first_monotonic_ms BIGINT NOT NULL, last_monotonic_ms BIGINT NOT NULL,
    PRIMARY KEY (machine, spool, boot)
  );
  CREATE TABLE dirty (
    machine TEXT NOT NULL, level BIGINT NOT NULL, from_ms BIGINT NOT NULL,
    due_ms BIGINT NOT NULL, revision BIGINT NOT NULL, PRIMARY KEY (machine, level, from_ms)
  );
  CREATE INDEX dirty_due ON dirty (level, due_ms);
  CREATE TABLE usage (
    machine TEXT NOT NULL, month_ms BIGINT NOT NULL, block_bytes BIGINT NOT NULL, rows BIGINT NOT NULL,
    PRIMARY KEY (machine, month_ms)
  );
  ${CHUNK} PARTITION BY RANGE (hour_ms);
  ${ROLLUP} PARTITION BY RANGE (from_ms);
  ${CHUNK_INDEX};
  ALTER TABLE chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;
  ALTER TABLE rollup ALTER COLUMN bytes SET STORAGE EXTERNAL;
  -- Servers keep nothing of a machine in memory that another may change, but who is connected is to be told.
  CREATE FUNCTION vigie_tell() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_notify('vigie_changed', ''); RETURN NULL; END $$;
  CREATE TRIGGER machine_changed AFTER UPDATE OF interval_ms, data_budget_mb, overrides, public_key, revoked, retired
    ON machine FOR EACH STATEMENT EXECUTE FUNCTION vigie_tell();
  CREATE TRIGGER link_key_changed AFTER INSERT ON link_key FOR EACH STATEMENT EXECUTE FUNCTION vigie_tell();
  `,
  // Several servers: accounts beside the rest, who holds which connection, and one word for each machine that changed.
  `
  DROP TRIGGER machine_changed ON machine;
  CREATE FUNCTION vigie_tell_machine() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_notify('vigie_changed', NEW.id); RETURN NULL; END $$;
  CREATE TRIGGER machine_changed AFTER UPDATE OF interval_ms, data_budget_mb, overrides, public_key, revoked, retired
    ON machine FOR EACH ROW EXECUTE FUNCTION vigie_tell_machine();
  CREATE TABLE account (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, role TEXT NOT NULL,
    language TEXT NOT NULL, password TEXT NOT NULL
  );
  CREATE TABLE session (sha256 TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account, expires_ms BIGINT NOT NULL);
  CREATE TABLE account_machine (account TEXT NOT NULL REFERENCES account, machine TEXT NOT NULL, PRIMARY KEY (account, machine));
  CREATE TABLE setup_code (sha256 TEXT PRIMARY KEY);
  ALTER TABLE link_key ADD COLUMN spare_pin TEXT;
  CREATE TABLE server (id TEXT PRIMARY KEY, beat_ms BIGINT NOT NULL);
  -- generation rises with every new connection of the machine: the highest one is its present. server: NULL when it is not
  -- connected.
  CREATE TABLE presence (
    machine TEXT PRIMARY KEY, server TEXT, generation BIGINT NOT NULL, since_ms BIGINT NOT NULL, spool TEXT NOT NULL,
    boot BIGINT NOT NULL, announced_next BIGINT NOT NULL, heard_ms BIGINT NOT NULL
  );
  CREATE INDEX presence_by_server ON presence (server);
  `,
  'ALTER TABLE machine ADD COLUMN raw_from_ms BIGINT;',
  // Each machine's row is written anew with each block: room beside it spares the index.
  `
  CREATE TABLE present (
    machine TEXT PRIMARY KEY, at_ms BIGINT NOT NULL, schema_hash TEXT NOT NULL, samples TEXT NOT NULL
  ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
  CREATE INDEX journal_by_channel ON journal (machine, channel, at_ms) WHERE channel IS NOT NULL;
  CREATE TABLE visit (
    account TEXT PRIMARY KEY REFERENCES account ON DELETE CASCADE, seen_ms BIGINT NOT NULL, last_visit_ms BIGINT
  );
  `,
  `${NOTE};\n${NOTE_INDEX};`,
  `${MACHINE_VERSION}${MANAGEMENT_OF_POSTGRES}`,
  ALARMS_OF_POSTGRES,
  `${MAIL_TABLES}${NOTIFICATIONS_COLUMN}`,
  LONGEST_NODES,
].map(ofPostgres);
