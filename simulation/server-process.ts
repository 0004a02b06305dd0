// A run of the server: gateway, store and sealer as they are, on simulated databases. Not here: when it is started, and how
// it ends (life.ts).
import type { VirtualClock } from '@vigie/protocol/virtual-clock';
import {
  ARCHIVE_MIGRATIONS,
  aloneBus,
  type Database,
  Intake,
  Link,
  LinkNews,
  type LinkSocket,
  Live,
  LongBlocks,
  Meanings,
  MIGRATIONS,
  prepareSqlite,
  Reader,
  Sealer,
  type Store,
  sqliteArchive,
  sqliteDatabase,
  sqlStore,
} from '@vigie/server';
import { HOUR, MACHINE, MINUTE, PIN, PUBLIC_KEY, sign } from './account.ts';
import { archiveFile, archiveMonths } from './archive-files.ts';
import type { SimDisk } from './disk.ts';
import type { Mutant } from './mutants.ts';
import { ProcessClock } from './process-clock.ts';
import type { Dice } from './random.ts';
import { counted } from './settled.ts';
import type { plugIn } from './sqlite.ts';

export class ServerProcess {
  readonly #clock: ProcessClock;
  readonly #store: Store;
  readonly #live: Live;
  readonly #news: LinkNews;
  readonly #links = new Set<Link>();
  readonly #close: () => void;
  /** Makes what is due in the archive, now and again from now on. */
  readonly seal: () => Promise<void>;

  /** `null`: its database does not open. */
  static start(options: {
    clock: VirtualClock;
    disk: SimDisk;
    seals: boolean;
    open: ReturnType<typeof plugIn>;
    dice: Dice;
    mutant: Mutant;
  }): ServerProcess | null {
    const { dice, mutant } = options;
    const clock = new ProcessClock(options.clock, null);
    const opened: ReturnType<typeof options.open>[] = [];
    const open = (file: string, migrations: readonly string[]): Database => {
      const db = options.open(file);
      opened.push(db);
      // There is no shared memory to share the log's index in.
      db.pragma('locking_mode = EXCLUSIVE');
      return counted(sqliteDatabase(prepareSqlite(db, file, migrations)));
    };
    const close = (): void => {
      for (const db of opened) db.close();
    };
    let hot: Database;
    try {
      hot = open('vigie.db', MIGRATIONS);
    } catch {
      close();
      return null;
    }
    const archive = sqliteArchive({
      found: archiveMonths(options.disk),
      open: (month) => open(archiveFile(month), ARCHIVE_MIGRATIONS),
    });
    const utcMs = (): number => clock.utcMs();
    const pause = async (): Promise<void> => undefined;
    const sql = sqlStore({
      hot,
      archive,
      soon: (work) => clock.after(dice.spread(1, 50), work),
      pause,
      restMs: (ms) => new Promise((resolve) => clock.after(ms, () => resolve())),
      utcMs,
    });
    const store = mutant.store?.(sql, clock) ?? sql;
    const meanings = new Meanings(hot);
    const reader = new Reader({ hot, archive, meanings, pause, longBlocks: new LongBlocks() });
    const sealer = new Sealer({ hot, archive, meanings, reader, utcMs });
    const seal = async (): Promise<void> => {
      try {
        while ((await sealer.round(() => !clock.isAlive)) > 0);
      } catch {
        // A disk that refuses: what is not sealed stays where it is.
      }
      if (options.seals) clock.after(dice.spread(MINUTE, 2 * HOUR), () => void seal());
    };
    void (async () => {
      if ((await store.machine(MACHINE)) === null) {
        await store.createMachine({
          id: MACHINE,
          name: MACHINE,
          site: '',
          timeZone: 'UTC',
          intervalMs: MINUTE,
        });
        await store.setPublicKey(MACHINE, PUBLIC_KEY, [PIN]);
      }
      if (options.seals) await seal();
    })().catch(() => undefined);
    return new ServerProcess(clock, store, seal, close);
  }

  private constructor(clock: ProcessClock, store: Store, seal: () => Promise<void>, close: () => void) {
    this.seal = seal;
    this.#clock = clock;
    this.#store = store;
    this.#close = close;
    this.#live = new Live(clock, aloneBus);
    const isConnected = (machine: string): boolean => this.#live.connected(machine) !== null;
    this.#news = new LinkNews(clock, store, isConnected, (machine, entry) => {
      void store.addJournal(machine, [entry]).catch(() => undefined);
    });
  }

  accept(socket: LinkSocket): boolean {
    const link = new Link(
      socket,
      {
        pins: [PIN],
        store: this.#store,
        live: this.#live,
        intake: new Intake(this.#clock),
        clock: this.#clock,
        isSigned: (message, proof) => proof === sign(message).toString('base64'),
        log: () => undefined,
      },
      this.#news,
      () => this.#links.delete(link),
    );
    this.#links.add(link);
    return true;
  }

  die(): void {
    this.#clock.isAlive = false;
    queueMicrotask(() => this.#close());
  }

  stop(): void {
    for (const link of this.#links) link.end('shutting-down', 'the server is stopping');
    this.#news.close();
    this.#clock.isAlive = false;
    this.#close();
  }
}
