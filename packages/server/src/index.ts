// What simulation and browser tests take from the server beside its program: a link, the store beneath it, and what
// they need.
export { aloneBus } from './bus.ts';
export { Intake } from './gateway/intake.ts';
export { Link, type LinkSocket } from './gateway/link.ts';
export { LinkNews } from './journal/link-news.ts';
export { Live } from './live.ts';
export { sqliteArchive } from './store/archive.ts';
export type { Database } from './store/database.ts';
export { rowDates } from './store/dating.ts';
export { LongBlocks } from './store/long-blocks.ts';
export { Meanings } from './store/meanings.ts';
export { ARCHIVE_MIGRATIONS, MIGRATIONS } from './store/migrations.ts';
export { openStore } from './store/open.ts';
export { type StoredBlock, unpack } from './store/pack.ts';
export { Reader } from './store/reader.ts';
export { Sealer } from './store/sealer.ts';
export { sqlStore } from './store/sql-store.ts';
export { prepareSqlite, sqliteDatabase } from './store/sqlite-database.ts';
export type { Store } from './store/store.ts';
