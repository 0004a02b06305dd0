// What the bench asks of a store, Vigie's or another's: to run as server processes on the loopback, to take the rows of a
// history, to answer charts. Invariant: everything it has on disk lies in one folder, which goes with it.

export type PeerName = 'vigie-sqlite' | 'vigie-postgres' | 'postgres-rows' | 'victoria-metrics' | 'influxdb';

/** A chart that somebody looks at: machines and channels by their place in the history. */
export interface Ask {
  readonly machines: readonly number[];
  readonly channels: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Buckets at most. */
  readonly width: number;
}

/** Rows on their way. */
export interface Ingest {
  /** Of which the server has said that it has them. */
  readonly acknowledgedRows: () => number;
  /** Rejects when the server fails. */
  readonly done: Promise<void>;
  /** Sends no more; what fails from now on fails silently. */
  readonly abandon: () => void;
}

export interface Peer {
  readonly name: PeerName;
  /** When a row counts as taken, in words. */
  readonly durability: string;
  /** Where its files are, for their cached pages to be dropped. */
  readonly folder: string;
  /** Ready for rows and charts when it resolves; again after `stop` or `kill9`. */
  start(): Promise<void>;
  /** In order. */
  stop(): Promise<void>;
  /** SIGKILL for all of its processes at once. */
  kill9(): Promise<void>;
  /** Of all its processes since they started, those that have ended among them. */
  cpuMs(): number;
  ingest(): Ingest;
  /** Resolves when the server has done by itself what is due (sealing, merging); `null`: it shows by resting only. */
  readonly upkeep: (() => Promise<void>) | null;
  /** Asks for everything to be on disk in its last form. */
  flush(): Promise<void>;
  /** On disk, less what an empty one takes. Runs again when it resolves. */
  storedBytes(): Promise<number>;
  storedRows(): Promise<number>;
  /** @returns buckets or points that came, of all series together. */
  chart(ask: Ask): Promise<number>;
  dispose(): Promise<void>;
}

/** Sends batch after batch. @param send resolves when they are acknowledged */
export function ingestOf<Batches>(
  all: Iterable<Batches>,
  rowsOf: (batches: Batches) => number,
  send: (batches: Batches) => Promise<void>,
): Ingest {
  let acknowledged = 0;
  let isOver = false;
  const run = async (): Promise<void> => {
    for (const batches of all) {
      if (isOver) return;
      try {
        await send(batches);
      } catch (error) {
        if (isOver) return;
        throw error;
      }
      acknowledged += rowsOf(batches);
    }
  };
  return {
    acknowledgedRows: () => acknowledged,
    done: run(),
    abandon: () => {
      isOver = true;
    },
  };
}
