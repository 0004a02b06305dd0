// What simulation and browser tests take from the server beside its program: a link, the store beneath it, and what
// they need.
export { Link, type LinkSocket } from './gateway/link.ts';
export { LinkNews } from './journal/link-news.ts';
export { Live } from './live.ts';
export { prepareSqlite } from './store/connect.ts';
export { rowDates } from './store/dating.ts';
export { MIGRATIONS } from './store/migrations.ts';
export { openSqliteFolder, openSqliteStore } from './store/sqlite.ts';
export type { Store } from './store/store.ts';
