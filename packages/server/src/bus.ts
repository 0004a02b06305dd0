// What servers on one database tell each other of the present: who holds which machine's connection, who is watched, what
// watchers are to see. Two of them: `aloneBus` for a server that has its database to itself, and that of PostgreSQL
// (postgres-bus.ts). Invariant: nothing here is durable or acknowledged; what is lost is made up for by `lost`.
// Not here: what a server makes of it (live.ts).
import type { JournalEntry, RowView } from '@vigie/contract';

/** What is known of a machine's connection. */
export interface Presence {
  readonly sinceMs: number;
  readonly spool: string;
  readonly bootNumber: number;
  /** Rows the edge said it held when it connected, beyond the mark. */
  readonly announcedNextSequence: number;
}

/** For who watches a machine, wherever. */
export type Told =
  | { readonly event: 'row'; readonly data: RowView }
  | { readonly event: 'journal'; readonly data: JournalEntry }
  | { readonly event: 'alarm'; readonly data: { readonly machine: string } }
  | { readonly event: 'stored'; readonly data: { readonly fromMs: number; readonly toMs: number } };

/** What other servers say. */
export interface BusEvents {
  /** The machine's connection is at another server now: one here is an older one. `null`: it is at none any more. */
  elsewhere(machine: string, presence: Presence | null): void;
  /** Somebody watches the machine at another server. */
  watched(machine: string): void;
  told(machine: string, message: Told): void;
  /** The server that held the machine's connection ended without a word; it falls to this one to tell. */
  abandoned(machine: string, heardMs: number): void;
  /** Anything may have been missed. */
  lost(): void;
}

export interface Bus {
  /** Resolves when what others hold is known and told. */
  start(events: BusEvents): Promise<void>;
  connected(machine: string, presence: Presence): void;
  disconnected(machine: string, heardMs: number): void;
  heard(machine: string, heardMs: number): void;
  /** Asks whoever holds the machine's connection for live rows. */
  watch(machine: string): void;
  tell(machine: string, message: Told): void;
  /** Last contact of a machine that no connection here is of. */
  lastContactMs(machine: string): Promise<number | null>;
  close(): Promise<void>;
}

export const aloneBus: Bus = {
  start: async () => undefined,
  connected: () => undefined,
  disconnected: () => undefined,
  heard: () => undefined,
  watch: () => undefined,
  tell: () => undefined,
  lastContactMs: async () => null,
  close: async () => undefined,
};
