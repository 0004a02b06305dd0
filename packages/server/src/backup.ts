// A copy of a server's data folder, made while the server runs, and a folder made of such a copy.
// A backup is a folder of copies and `backup.json`, which says what each is a copy of. Copies have names of their own, the
// list takes its place in one step, and only then copies that it does not name are removed: cut off at any moment, the
// backup is the last whole one. A closed month that has not changed since is not copied again.
//
// Order makes it consistent. A block is in the hot file, then in both, then in the archive alone, so the hot file is copied
// first and the archive after it: what has left the one by then is in the other, and readers count what is in both once.
// Only dating anew takes blocks back from the archive; sealing rests while the copy is made, so that none goes that way.
// What comes after the hot file was copied is not in the backup, nor do its high-water marks say so: edges send it again.
//
// Not here: PostgreSQL's own data, which its tools copy; flags (main.ts).
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { StoreError } from './store/database.ts';
import { lockFile, lockFolder, lockSealing } from './store/lock.ts';

const LIST = 'backup.json';
const LOCK = 'backup.lock';
/** The sealer rests within that. */
const REST_MS = 60_000;
const HOT = 'vigie.db';
const ACCOUNTS = 'accounts.db';
const KEYS = 'keys';
const ARCHIVE = 'archive';
const KEY_FILE = /\.pem$/;
const MONTH_FILE = /^\d{4}-\d{2}\.db$/;

const listSchema = z.strictObject({
  format: z.literal(1),
  madeMs: z.number().int(),
  /** Of which folder it is. */
  data: z.string(),
  /** Whether the rows are in a PostgreSQL, and so not here. */
  withoutRows: z.boolean(),
  files: z.array(
    z.strictObject({
      /** In the data folder. */
      path: z.string().regex(/^(vigie\.db|accounts\.db|keys\/[\w.-]+|archive\/\d{4}-\d{2}\.db)$/),
      /** In the backup. */
      copy: z.string().regex(/^[\w.-]+$/),
      bytes: z.number().int(),
      sha256: z.string(),
      /** The file as it was when it was copied; what is so again has not changed. */
      state: z.string().nullable(),
    }),
  ),
});
type List = z.infer<typeof listSchema>;
type Copy = List['files'][number];

export type BackupResult =
  | {
      readonly ok: true;
      readonly copied: number;
      readonly unchanged: number;
      readonly bytes: number;
    }
  | { readonly ok: false; readonly message: string };

export interface BackupOptions {
  readonly data: string;
  readonly to: string;
  /** The rows are in a PostgreSQL. */
  readonly withoutRows: boolean;
  readonly nowMs: number;
  readonly progress: (sentence: string) => void;
}

export async function backup({
  data,
  to,
  withoutRows,
  nowMs,
  progress,
}: BackupOptions): Promise<BackupResult> {
  const no = (message: string): BackupResult => ({ ok: false, message });
  if (isWithin(data, to))
    return no(`${to} lies in the data folder, and would go with it: choose another folder`);
  if (existsSync(to) && !statSync(to).isDirectory()) return no(`${to} is a file: a backup is a folder`);
  mkdirSync(to, { recursive: true, mode: 0o700 });
  const before = readList(to);
  if (before === null && readdirSync(to).some((name) => name !== LOCK)) {
    return no(`${to} is not empty and holds no backup of Vigie: choose another folder`);
  }
  if (before !== null && before.data !== resolve(data)) {
    return no(`${to} holds a backup of another data folder, ${before.data}: choose another folder`);
  }
  if (before !== null && before.withoutRows !== withoutRows) {
    return no(`${to} holds a backup ${withoutRows ? 'with' : 'without'} rows: choose another folder`);
  }
  const lock = lockFile(join(to, LOCK), 0);
  if (lock === null) return no(`another backup is being made in ${to}`);
  const still = withoutRows ? null : lockSealing(data, REST_MS);
  try {
    if (!withoutRows && still === null) {
      return no('sealing does not come to rest; another backup of this server may be under way: try again');
    }
    const files: Copy[] = [];
    let unchanged = 0;
    const add = async (path: string, make: (from: string, copy: string) => void): Promise<void> => {
      const from = join(data, path);
      const known = before?.files.find((one) => one.path === path);
      const state = path.startsWith(ARCHIVE) ? stateOf(from) : null;
      if (known !== undefined && state !== null && known.state === state && isThere(to, known)) {
        files.push(known);
        unchanged++;
        return;
      }
      progress(`${path} (${megabytes(statSync(from).size)})`);
      const copy = `${path.replaceAll('/', '-')}.${nowMs}`;
      const made = join(to, copy);
      rmSync(made, { force: true });
      make(from, made);
      sync(made);
      files.push({ path, copy, bytes: statSync(made).size, sha256: await sha256Of(made), state });
    };
    if (!withoutRows) {
      await add(HOT, copyDatabase);
      for (const name of filesIn(join(data, ARCHIVE), MONTH_FILE))
        await add(`${ARCHIVE}/${name}`, copyDatabase);
    }
    if (existsSync(join(data, ACCOUNTS))) await add(ACCOUNTS, copyDatabase);
    for (const name of filesIn(join(data, KEYS), KEY_FILE)) await add(`${KEYS}/${name}`, copyFileSync);
    writeList(to, { format: 1, madeMs: nowMs, data: resolve(data), withoutRows, files });
    const named = new Set([LIST, LOCK, ...files.map(({ copy }) => copy)]);
    for (const name of readdirSync(to)) if (!named.has(name)) rmSync(join(to, name), { recursive: true });
    const copied = files.length - unchanged;
    return { ok: true, copied, unchanged, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  } finally {
    still?.release();
    lock.release();
  }
}

export type RestoreResult =
  | { readonly ok: true; readonly madeMs: number; readonly withoutRows: boolean; readonly files: number }
  | { readonly ok: false; readonly message: string };

export interface RestoreOptions {
  readonly from: string;
  readonly data: string;
  readonly progress: (sentence: string) => void;
}

export async function restore({ from, data, progress }: RestoreOptions): Promise<RestoreResult> {
  const no = (message: string): RestoreResult => ({ ok: false, message });
  if (!existsSync(join(from, LIST))) return no(`${from} holds no backup of Vigie: ${LIST} is not there`);
  const list = readList(from);
  if (list === null) return no(`${join(from, LIST)} cannot be read, or is of a newer Vigie`);
  if (existsSync(data)) {
    if (!statSync(data).isDirectory()) return no(`${data} is a file, not a folder`);
    if (isServed(data))
      return no(`a vigie-server runs on ${data}: a backup is restored into an empty folder`);
    if (readdirSync(data).length > 0) {
      return no(
        `${data} is not empty: a backup is restored into an empty folder; move what is there away first`,
      );
    }
  }
  const missing = list.files.find((one) => !isThere(from, one));
  if (missing !== undefined)
    return no(`${join(from, missing.copy)} is missing or cut short: take another backup`);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  // The hot file last: without it the folder is no server's, should this be cut off.
  const files = [...list.files].sort((a, b) => Number(a.path === HOT) - Number(b.path === HOT));
  for (const { path, copy, bytes, sha256 } of files) {
    progress(`${path} (${megabytes(bytes)})`);
    const file = join(data, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const made = `${file}.restored`;
    copyFileSync(join(from, copy), made);
    if ((await sha256Of(made)) !== sha256) {
      return no(`${join(from, copy)} is damaged: empty ${data} and take another backup`);
    }
    sync(made);
    renameSync(made, file);
    sync(dirname(file));
  }
  return { ok: true, madeMs: list.madeMs, withoutRows: list.withoutRows, files: files.length };
}

/** A consistent copy of a database that others write to: all of it is read in one transaction. */
function copyDatabase(from: string, copy: string): void {
  const db = new Database(from);
  try {
    db.pragma('busy_timeout = 5000');
    db.prepare('VACUUM INTO ?').run(copy);
  } finally {
    db.close();
  }
}

/** `null`: its log holds changes, so it cannot be told. */
function stateOf(file: string): string | null {
  // What is in the log goes into the file, unless somebody reads in it just now.
  const db = new Database(file);
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return null;
  const { ino, size, mtimeNs } = statSync(file, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

function isThere(folder: string, { copy, bytes }: Copy): boolean {
  return statSync(join(folder, copy), { throwIfNoEntry: false })?.size === bytes;
}

function isServed(data: string): boolean {
  if (!existsSync(join(data, 'server.lock'))) return false;
  try {
    lockFolder(data).release();
    return false;
  } catch (error) {
    if (error instanceof StoreError) return true;
    throw error;
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way === '' || !(way.startsWith('..') || resolve(way) === way);
}

function filesIn(folder: string, pattern: RegExp): string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => pattern.test(name))
        .sort()
    : [];
}

/** `null`: there is none that can be read. */
function readList(folder: string): List | null {
  try {
    return listSchema.parse(JSON.parse(readFileSync(join(folder, LIST), 'utf8')));
  } catch {
    return null;
  }
}

function writeList(folder: string, list: List): void {
  const made = join(folder, `${LIST}.new`);
  sync(folder);
  writeFileSync(made, `${JSON.stringify(list, null, 2)}\n`, { flush: true });
  renameSync(made, join(folder, LIST));
  sync(folder);
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  return hash.digest('hex');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
