// The tables of alarms, for the lists in store/migrations.ts. alarm_watch: what is kept of a machine between blocks
// (occurrence.ts), JSON; late_ms: when something late was learned last, NULL: nothing waits for its end; its row is locked
// by whoever changes an alarm of the machine. alarm: one row an occurrence; is_over: for good; is_open: it rings, may ring again, or waits for
// somebody. alarm_event: what is told of them (event.ts), which is their history too; taken: the mail part has it.
// Instants are Unix ms UTC. Not here: what is in the JSON.

function tables(sequence: string): string {
  return `
  CREATE TABLE alarm_watch (machine TEXT PRIMARY KEY, json TEXT NOT NULL, late_ms BIGINT);
  CREATE INDEX alarm_watch_late ON alarm_watch (late_ms) WHERE late_ms IS NOT NULL;
  CREATE TABLE alarm (
    machine TEXT NOT NULL, id BIGINT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, channel TEXT, severity TEXT NOT NULL,
    happened_ms BIGINT NOT NULL, learned_ms BIGINT NOT NULL, over_ms BIGINT, over_learned_ms BIGINT,
    is_over BIGINT NOT NULL, is_open BIGINT NOT NULL,
    acknowledged_ms BIGINT, acknowledged_by TEXT, comment TEXT,
    value DOUBLE PRECISION, limit_value DOUBLE PRECISION, peak DOUBLE PRECISION, peak_ms BIGINT,
    crossings BIGINT NOT NULL, flapping BIGINT NOT NULL, cause TEXT, boot BIGINT, escalated BIGINT NOT NULL,
    PRIMARY KEY (machine, id)
  );
  CREATE INDEX alarm_open ON alarm (machine, id) WHERE is_open = 1;
  CREATE INDEX alarm_by_time ON alarm (machine, happened_ms);
  CREATE TABLE alarm_shelf (
    machine TEXT NOT NULL, source TEXT NOT NULL, at_ms BIGINT NOT NULL, until_ms BIGINT NOT NULL, until_over BIGINT NOT NULL,
    reason TEXT NOT NULL, author TEXT NOT NULL, author_name TEXT NOT NULL, PRIMARY KEY (machine, source)
  );
  CREATE TABLE alarm_event (
    sequence ${sequence}, machine TEXT NOT NULL, alarm BIGINT, at_ms BIGINT NOT NULL, event TEXT NOT NULL,
    json TEXT NOT NULL, taken BIGINT NOT NULL DEFAULT 0
  );
  CREATE INDEX alarm_event_waiting ON alarm_event (sequence) WHERE taken = 0;
  CREATE INDEX alarm_event_by_alarm ON alarm_event (machine, alarm, sequence);
  -- One row: when machines were last looked at for what no block tells (sweep.ts), by whichever server.
  CREATE TABLE alarm_sweep (id BIGINT PRIMARY KEY, at_ms BIGINT NOT NULL);
  ALTER TABLE machine ADD COLUMN silent_ms BIGINT;
  `;
}

export const ALARMS_OF_POSTGRES = tables('BIGSERIAL PRIMARY KEY');
export const ALARMS_OF_SQLITE = tables('INTEGER PRIMARY KEY AUTOINCREMENT')
  .replaceAll('BIGINT', 'INTEGER')
  .replaceAll('DOUBLE PRECISION', 'REAL')
  .replaceAll(/^ {2}\);$/gm, '  ) STRICT;')
  .replace('late_ms INTEGER);', 'late_ms INTEGER) STRICT;')
  .replace('at_ms INTEGER NOT NULL);', 'at_ms INTEGER NOT NULL) STRICT;');
