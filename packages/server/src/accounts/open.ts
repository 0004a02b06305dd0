// Where accounts are kept: a file of their own beside SQLite, or among the tables of the one PostgreSQL.
// Not here: what they are (accounts.ts).
import { join } from 'node:path';
import type { Clock } from '@vigie/protocol';
import type { Database } from '../store/database.ts';
import type { Place } from '../store/open.ts';
import { connect, sqliteDatabase } from '../store/sqlite-database.ts';
import { type Accounts, accountsOn } from './accounts.ts';
import { ACCOUNT_MIGRATIONS } from './tables.ts';

export interface OpenAccounts {
  readonly accounts: Accounts;
  close(): Promise<void>;
}

/**
 * @param postgres open already, and closed by who opened it
 * @throws StoreError when the file is of a newer Vigie.
 */
export function openAccounts({ folder }: Place, postgres: Database | null, clock: Clock): OpenAccounts {
  if (postgres !== null) return { accounts: accountsOn(postgres, clock), close: async () => undefined };
  const db = sqliteDatabase(connect(join(folder, 'accounts.db'), ACCOUNT_MIGRATIONS));
  return { accounts: accountsOn(db, clock), close: () => db.close() };
}
