// How far promises of the programs go on between two events of the simulated clock. No event loop turns in a life.
import type { Database } from '@vigie/server';

/** Questions to the server's databases that are not answered yet. */
let asked = 0;
/** Between an answer and the next question of whoever asks. */
const TURNS = 16;
/** One for all turns: each would otherwise make a promise of its own. */
const NOTHING = Promise.resolve();

/**
 * Lets the programs' promises go on: some turns after each event, so that what hangs on many takes a few events, as it
 * takes its time on a real machine. A turn of the event loop would cost more than the event.
 * What was begun comes to its end, since nothing in it waits for anything but memory.
 */
export async function settled(): Promise<void> {
  do {
    for (let turn = 0; turn < TURNS; turn++) await NOTHING;
  } while (asked > 0);
}

/** The same database, whose open questions `settled` waits for. */
export function counted(db: Database): Database {
  const count = <A extends unknown[], R>(ask: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      asked++;
      try {
        return await ask(...args);
      } finally {
        asked--;
      }
    };
  };
  return {
    ...db,
    all: count(db.all) as Database['all'],
    get: count(db.get) as Database['get'],
    run: count(db.run),
    transaction: count(db.transaction) as Database['transaction'],
  };
}
