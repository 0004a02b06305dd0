// SQLite itself (its WebAssembly build, same version as the programs use) on a simulated disk, behind the face of
// better-sqlite3 that the programs know.
// Invariants: nothing of it touches the real disk or the real clock; errors are SqliteErrors with SQLite's own codes.
// Not here: how the disk misbehaves (disk.ts). Only what the programs call is here.
import init from '@sqlite.org/sqlite-wasm';
import type { SpoolDatabase, SpoolDisk } from '@vigie/edge';
import Database from 'better-sqlite3';
import { type Refusal, type SimDisk, SimFile } from './disk.ts';
import type { Dice } from './random.ts';

/** What is used of the library; its own types leave out the members of C structs and the exports. */
interface Sqlite3 {
  readonly capi: Readonly<Record<string, number>> & {
    readonly sqlite3_io_methods: new () => { $iVersion: number; readonly pointer: number };
    readonly sqlite3_vfs: (new () => { $iVersion: number; $szOsFile: number; $mxPathname: number }) & object;
    readonly sqlite3_file: (new (
      pointer: number,
    ) => { $pMethods: number; dispose(): void }) & { readonly structInfo: { readonly sizeof: number } };
    sqlite3_js_rc_str(code: number): string | undefined;
  };
  readonly wasm: {
    readonly exports: Readonly<Record<string, (...args: (number | bigint)[]) => number>>;
    heap8u(): Uint8Array;
    poke(to: number, value: number | bigint, type: 'i32' | 'i64' | 'double'): void;
    peekPtr(at: number): number;
    cstrToJs(at: number): string;
    cstrncpy(to: number, from: number, count: number): number;
    alloc(count: number): number;
    dealloc(at: number): void;
  };
  readonly vfs: { installVfs(what: object): void };
}

const sqlite3 = (await init()) as unknown as Sqlite3;
const { capi, wasm } = sqlite3;
const SQLITE_CONFIG_MEMSTATUS = 9;
const exported = (name: string): ((...args: (number | bigint)[]) => number) => {
  const call = wasm.exports[`sqlite3_${name}`];
  if (call === undefined) throw new Error(`SQLite has no ${name}`);
  return call;
};
// As in the programs' own SQLite, no call counts its memory.
exported('shutdown')();
if (exported('_wasm_config_i')(SQLITE_CONFIG_MEMSTATUS, 0) !== 0) throw new Error('SQLite is set up already');
exported('initialize')();
// Each once: looked up among a thousand exports, and by a name, a call costs more.
const bindBlob = exported('bind_blob');
const bindDouble = exported('bind_double');
const bindInt = exported('bind_int');
const bindInt64 = exported('bind_int64');
const bindNull = exported('bind_null');
const bindParameterCount = exported('bind_parameter_count');
const bindParameterName = exported('bind_parameter_name');
const bindText = exported('bind_text');
const changes = exported('changes');
const closeV2 = exported('close_v2');
const columnBlob = exported('column_blob');
const columnBytes = exported('column_bytes');
const columnCount = exported('column_count');
const columnDouble = exported('column_double');
const columnName = exported('column_name');
const columnText = exported('column_text');
const columnType = exported('column_type');
const errmsg = exported('errmsg');
const exec = exported('exec');
const extendedErrcode = exported('extended_errcode');
const extendedResultCodes = exported('extended_result_codes');
const finalize = exported('finalize');
const getAutocommit = exported('get_autocommit');
const openV2 = exported('open_v2');
const prepareV2 = exported('prepare_v2');
const reset = exported('reset');
const step = exported('step');
const code = (name: string): number => {
  const value = capi[name];
  if (value === undefined) throw new Error(`SQLite has no ${name}`);
  return value;
};

let heap = wasm.heap8u();
/** SQLite's memory. A view of it is dead, and empty, once the memory has grown. */
function heap8(): Uint8Array {
  if (heap.length === 0) heap = wasm.heap8u();
  return heap;
}

const VFS_NAME = 'simulated';

interface OpenFile {
  readonly disk: SimDisk;
  readonly file: SimFile;
  readonly name: string;
  readonly era: number;
  readonly deleteOnClose: boolean;
}

/** Set while a program is opening a database, since SQLite passes the VFS nothing but a name. */
const drives = new Map<string, SimDisk>();
const openFiles = new Map<number, OpenFile>();
/** A database whose disk is gone is being closed: it must not delete what others have made since. */
let closesDead = false;
/** Salts of SQLite's log: of the life that is being simulated. */
let dice: Dice | null = null;

/** A new life begins: all chance inside SQLite comes from these dice, and the disks of the life before are unplugged. */
export function seedSqlite(of: Dice): void {
  dice = of;
  drives.clear();
}

const CODES: Record<Refusal, number> = {
  full: code('SQLITE_FULL'),
  error: code('SQLITE_IOERR_WRITE'),
  'read-only': code('SQLITE_READONLY'),
  gone: code('SQLITE_IOERR'),
};

function located(path: string): { disk: SimDisk; name: string } | null {
  const slash = path.indexOf('/');
  const disk = drives.get(path.slice(0, slash));
  return disk === undefined ? null : { disk, name: path.slice(slash + 1) };
}

function installVfs(): void {
  const io = new capi.sqlite3_io_methods();
  const vfs = new capi.sqlite3_vfs();
  io.$iVersion = 1;
  vfs.$iVersion = 1;
  vfs.$szOsFile = capi.sqlite3_file.structInfo.sizeof;
  vfs.$mxPathname = 512;
  const of = (pointer: number): OpenFile => {
    const open = openFiles.get(Number(pointer));
    if (open === undefined) throw new Error('SQLite uses a file that is not open');
    return open;
  };
  /** SQLite's code of what the disk says to a change by which the file grows so much; 0: it may happen. */
  const refused = ({ disk, era }: OpenFile, grownBytes = 0): number => {
    const refusal = disk.refusal(era, grownBytes);
    return refusal === null ? 0 : CODES[refusal];
  };
  sqlite3.vfs.installVfs({
    io: {
      struct: io,
      methods: {
        xClose: (pointer: number) => {
          const { disk, name, era, deleteOnClose } = of(pointer);
          if (deleteOnClose && era === disk.era) disk.delete(name, false);
          openFiles.delete(Number(pointer));
          return 0;
        },
        xRead: (pointer: number, to: number, count: number, at: bigint) => {
          const { disk, file, era } = of(pointer);
          if (disk.failsToRead(era)) return code('SQLITE_IOERR_READ');
          const from = Number(at);
          const there = Math.max(0, Math.min(count, file.seen.size - from));
          heap8().set(file.seen.bytes.subarray(from, from + there), Number(to));
          if (there === count) return 0;
          heap8().fill(0, Number(to) + there, Number(to) + count);
          return code('SQLITE_IOERR_SHORT_READ');
        },
        xWrite: (pointer: number, from: number, count: number, at: bigint) => {
          const open = of(pointer);
          const to = Number(at);
          const result = refused(open, Math.max(0, to + count - open.file.seen.size));
          if (result === 0) open.file.write(to, heap8(), Number(from), count);
          return result;
        },
        xTruncate: (pointer: number, size: bigint) => {
          const open = of(pointer);
          const result = refused(open);
          if (result === 0) open.file.truncate(Number(size));
          return result;
        },
        xSync: (pointer: number) => {
          const open = of(pointer);
          const result = refused(open);
          if (result === 0) open.disk.sync(open.file);
          return result;
        },
        xFileSize: (pointer: number, to: number) => {
          wasm.poke(to, BigInt(of(pointer).file.seen.size), 'i64');
          return 0;
        },
        xLock: () => 0,
        xUnlock: () => 0,
        xCheckReservedLock: (_: number, to: number) => {
          wasm.poke(to, 0, 'i32');
          return 0;
        },
        xFileControl: () => code('SQLITE_NOTFOUND'),
        xSectorSize: () => 4096,
        xDeviceCharacteristics: () => code('SQLITE_IOCAP_POWERSAFE_OVERWRITE'),
      },
    },
    vfs: {
      struct: vfs,
      name: VFS_NAME,
      methods: {
        xOpen: (_: number, path: number, pointer: number, flags: number, outFlags: number) => {
          const found = path === 0 ? null : located(wasm.cstrToJs(path));
          if (found === null) return code('SQLITE_CANTOPEN');
          const { disk, name } = found;
          let file = disk.files.get(name);
          if (file === undefined) {
            if ((flags & code('SQLITE_OPEN_CREATE')) === 0) return code('SQLITE_CANTOPEN');
            if (disk.refusal(disk.era, 0) !== null) return code('SQLITE_CANTOPEN');
            file = new SimFile();
            disk.files.set(name, file);
          }
          const struct = new capi.sqlite3_file(pointer);
          struct.$pMethods = io.pointer;
          struct.dispose();
          const deleteOnClose = (flags & code('SQLITE_OPEN_DELETEONCLOSE')) !== 0;
          openFiles.set(Number(pointer), { disk, file, name, era: disk.era, deleteOnClose });
          if (outFlags !== 0) wasm.poke(outFlags, flags, 'i32');
          return 0;
        },
        xDelete: (_: number, path: number, sync: number) => {
          const found = located(wasm.cstrToJs(path));
          if (found === null) return code('SQLITE_IOERR_DELETE');
          const refusal = closesDead ? 'gone' : found.disk.refusal(found.disk.era, 0);
          if (refusal !== null) return CODES[refusal];
          found.disk.delete(found.name, sync !== 0);
          return 0;
        },
        xAccess: (_: number, path: number, __: number, to: number) => {
          const found = located(wasm.cstrToJs(path));
          wasm.poke(to, found?.disk.files.has(found.name) === true ? 1 : 0, 'i32');
          return 0;
        },
        xFullPathname: (_: number, path: number, count: number, to: number) =>
          wasm.cstrncpy(to, path, count) < count ? 0 : code('SQLITE_CANTOPEN'),
        xGetLastError: () => 0,
        xRandomness: (_: number, count: number, to: number) => {
          if (dice !== null) heap8().set(dice.bytes(count), Number(to));
          return count;
        },
        xSleep: () => 0,
        xCurrentTime: (_: number, to: number) => {
          wasm.poke(to, 2_440_587.5, 'double');
          return 0;
        },
      },
    },
  });
}
installVfs();

const DONE = code('SQLITE_DONE');
const ROW = code('SQLITE_ROW');

type Value = number | bigint | string | Uint8Array | null | undefined;
type Row = Record<string, number | string | Buffer | null>;

/** The text that ends with a zero at `at`. */
function textAt(at: number): string {
  const bytes = heap8();
  let text = '';
  for (let i = at; i < at + SHORT; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === 0) return text;
    if (byte >= 0x80) break;
    text += String.fromCharCode(byte);
  }
  return wasm.cstrToJs(at);
}
/** A decoder costs more than a text below this. */
const SHORT = 40;

/** Of SQLite's memory, for what is lent to it: an allocation of each would cost more. */
const LENT_BYTES = 65_536;
const lentFrom = wasm.alloc(LENT_BYTES);
let lentBytes = 0;

/** Room in SQLite's memory for the length of `use`. */
function room<T>(count: number, use: (at: number) => T): T {
  if (lentBytes + count <= LENT_BYTES) {
    const at = lentFrom + lentBytes;
    lentBytes += count;
    try {
      return use(at);
    } finally {
      lentBytes -= count;
    }
  }
  const at = wasm.alloc(count);
  try {
    return use(at);
  } finally {
    wasm.dealloc(at);
  }
}

/** Bytes put there, and a zero after them. */
function lent<T>(bytes: Uint8Array, use: (at: number, count: number) => T): T {
  return room(bytes.length + 1, (at) => {
    const heap = heap8();
    heap.set(bytes, at);
    heap[at + bytes.length] = 0;
    return use(at, bytes.length);
  });
}

/** A string as UTF-8. Nearly all are short and ASCII, and an encoder costs more than they do. */
function lentText<T>(text: string, use: (at: number, count: number) => T): T {
  if (!isAscii(text)) return lent(utf8.encode(text), use);
  return room(text.length + 1, (at) => {
    const heap = heap8();
    for (let i = 0; i < text.length; i++) heap[at + i] = text.charCodeAt(i);
    heap[at + text.length] = 0;
    return use(at, text.length);
  });
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}
const utf8 = new TextEncoder();
const TRANSIENT = -1;

/** A statement of a connection; what is asked of few of them is found out when it is asked. */
class Prepared {
  readonly pointer: number;
  readonly parameterCount: number;
  #columns: readonly string[] | null = null;
  #parameters: readonly string[] | null = null;

  constructor(pointer: number) {
    this.pointer = pointer;
    this.parameterCount = bindParameterCount(pointer);
  }

  get columns(): readonly string[] {
    this.#columns ??= Array.from({ length: columnCount(this.pointer) }, (_, i) =>
      textAt(columnName(this.pointer, i)),
    );
    return this.#columns;
  }

  /** Without their `@`; empty for a `?`. */
  get parameters(): readonly string[] {
    this.#parameters ??= Array.from({ length: this.parameterCount }, (_, i) => {
      const name = bindParameterName(this.pointer, i + 1);
      return name === 0 ? '' : wasm.cstrToJs(name).slice(1);
    });
    return this.#parameters;
  }
}

class Statement {
  readonly #db: SimDatabase;
  readonly #prepared: Prepared;
  readonly #pointer: number;
  #plucks = false;

  constructor(db: SimDatabase, prepared: Prepared) {
    this.#db = db;
    this.#prepared = prepared;
    this.#pointer = prepared.pointer;
  }

  pluck(): this {
    this.#plucks = true;
    return this;
  }

  run(...values: Value[]): { changes: number } {
    this.#bind(values);
    try {
      this.#step();
    } finally {
      reset(this.#pointer);
    }
    return { changes: changes(this.#db.pointer) };
  }

  get(...values: Value[]): unknown {
    this.#bind(values);
    try {
      return this.#step() ? this.#row() : undefined;
    } finally {
      reset(this.#pointer);
    }
  }

  all(...values: Value[]): unknown[] {
    this.#bind(values);
    const rows: unknown[] = [];
    try {
      while (this.#step()) rows.push(this.#row());
    } finally {
      reset(this.#pointer);
    }
    return rows;
  }

  *iterate(...values: Value[]): IterableIterator<unknown> {
    this.#bind(values);
    try {
      while (this.#step()) yield this.#row();
    } finally {
      if (this.#db.open) reset(this.#pointer);
    }
  }

  /** False: there are no more rows. */
  #step(): boolean {
    this.#db.mustBeOpen();
    const result = step(this.#pointer);
    if (result === DONE) return false;
    if (result !== ROW) throw this.#db.error();
    return true;
  }

  #bind(values: Value[]): void {
    this.#db.mustBeOpen();
    const [first] = values;
    const named = typeof first === 'object' && first !== null && !(first instanceof Uint8Array);
    if (named) {
      const record = first as unknown as Record<string, Value>;
      for (const [i, name] of this.#prepared.parameters.entries()) this.#bindOne(i + 1, record[name]);
      return;
    }
    for (let i = 0; i < this.#prepared.parameterCount; i++) this.#bindOne(i + 1, values[i]);
  }

  #bindOne(at: number, value: Value): void {
    const statement = this.#pointer;
    if (value === null || value === undefined) bindNull(statement, at);
    else if (typeof value === 'number') {
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) bindDouble(statement, at, value);
      else if (value === (value | 0)) bindInt(statement, at, value);
      else bindInt64(statement, at, BigInt(value));
    } else if (typeof value === 'bigint') bindInt64(statement, at, value);
    else if (typeof value === 'string') {
      lentText(value, (pointer, count) => bindText(statement, at, pointer, count, TRANSIENT));
    } else lent(value, (pointer) => bindBlob(statement, at, pointer, value.length, TRANSIENT));
  }

  #row(): unknown {
    if (this.#plucks) return this.#value(0);
    const row: Row = {};
    const { columns } = this.#prepared;
    for (let i = 0; i < columns.length; i++) row[columns[i] ?? ''] = this.#value(i);
    return row;
  }

  #value(column: number): number | string | Buffer | null {
    const statement = this.#pointer;
    switch (columnType(statement, column)) {
      case 1:
        // Exact up to 2^53, as numbers are, and without a BigInt for each.
        return columnDouble(statement, column);
      case 2:
        return columnDouble(statement, column);
      case 3:
        return textAt(columnText(statement, column));
      case 4: {
        const at = columnBlob(statement, column);
        const count = columnBytes(statement, column);
        return Buffer.from(heap8().slice(at, at + count));
      }
      default:
        return null;
    }
  }
}

/** What the programs use of better-sqlite3's Database. */
export class SimDatabase {
  readonly pointer: number;
  readonly #disk: SimDisk;
  readonly #era: number;
  readonly #rewrite: SqlRewrite;
  readonly #prepared = new Map<string, Prepared>();
  #closed = false;

  /** @param drive name under which the disk is plugged in. */
  constructor(drive: string, disk: SimDisk, file: string, rewrite: SqlRewrite = (sql) => sql) {
    this.#disk = disk;
    this.#era = disk.era;
    this.#rewrite = rewrite;
    const cell = wasm.alloc(8);
    const flags = code('SQLITE_OPEN_READWRITE') | code('SQLITE_OPEN_CREATE');
    const result = lentText(`${drive}/${file}`, (path) =>
      lentText(VFS_NAME, (vfs) => openV2(path, cell, flags, vfs)),
    );
    this.pointer = wasm.peekPtr(cell);
    wasm.dealloc(cell);
    if (result !== 0) {
      const error = this.error();
      this.close();
      throw error;
    }
    extendedResultCodes(this.pointer, 1);
    // As the programs' own SQLite begins a file.
    this.exec('PRAGMA page_size = 4096');
  }

  error(): InstanceType<typeof Database.SqliteError> {
    const number = extendedErrcode(this.pointer);
    const message = wasm.cstrToJs(errmsg(this.pointer));
    return new Database.SqliteError(message, capi.sqlite3_js_rc_str(number) ?? `SQLITE_${number}`);
  }

  get open(): boolean {
    return !this.#closed;
  }

  get inTransaction(): boolean {
    return getAutocommit(this.pointer) === 0;
  }

  /** What is left of a process that has ended may still ask; its memory inside SQLite belongs to others by then. */
  mustBeOpen(): void {
    if (this.#closed) throw new TypeError('The database connection is not open');
  }

  prepare(sql: string): Statement {
    this.mustBeOpen();
    let prepared = this.#prepared.get(sql);
    if (prepared === undefined) {
      prepared = this.#prepare(this.#rewrite(sql));
      this.#prepared.set(sql, prepared);
    }
    return new Statement(this, prepared);
  }

  #prepare(sql: string): Prepared {
    const cell = wasm.alloc(8);
    const result = lentText(sql, (text) => prepareV2(this.pointer, text, -1, cell, 0));
    const pointer = wasm.peekPtr(cell);
    wasm.dealloc(cell);
    if (result !== 0) throw this.error();
    return new Prepared(pointer);
  }

  exec(sql: string): this {
    this.mustBeOpen();
    const result = lentText(this.#rewrite(sql), (text) => exec(this.pointer, text, 0, 0, 0));
    if (result !== 0) throw this.error();
    return this;
  }

  pragma(what: string, options: { simple?: boolean } = {}): unknown {
    const rows = this.prepare(`PRAGMA ${what}`).all() as Row[];
    return options.simple === true ? Object.values(rows[0] ?? {})[0] : rows;
  }

  transaction<A extends unknown[], R>(
    work: (...args: A) => R,
  ): ((...args: A) => R) & { immediate: (...args: A) => R } {
    const within =
      (begin: string) =>
      (...args: A): R => {
        const nested = this.inTransaction;
        this.prepare(nested ? 'SAVEPOINT inner' : begin).run();
        try {
          const result = work(...args);
          this.prepare(nested ? 'RELEASE inner' : 'COMMIT').run();
          return result;
        } catch (error) {
          if (this.open && this.inTransaction) {
            this.exec(nested ? 'ROLLBACK TO inner; RELEASE inner' : 'ROLLBACK');
          }
          throw error;
        }
      };
    return Object.assign(within('BEGIN'), { immediate: within('BEGIN IMMEDIATE') });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closesDead = this.#era !== this.#disk.era;
    for (const { pointer } of this.#prepared.values()) finalize(pointer);
    closeV2(this.pointer);
    closesDead = false;
  }
}

/** For planted bugs: what is really asked instead. */
export type SqlRewrite = (sql: string) => string;

let plugged = 0;

/** Plugs a disk in, so that databases can be opened on it. */
export function plugIn(disk: SimDisk, rewrite?: SqlRewrite): (file: string) => SpoolDatabase {
  const drive = `drive${++plugged}`;
  drives.set(drive, disk);
  return (file) => new SimDatabase(drive, disk, file, rewrite) as unknown as SpoolDatabase;
}

export function spoolDisk(disk: SimDisk, rewrite?: SqlRewrite): SpoolDisk {
  const open = plugIn(disk, rewrite);
  return {
    open,
    size: (file) => disk.files.get(file)?.seen.size ?? 0,
    head: (file, count) => {
      const seen = disk.files.get(file)?.seen;
      return seen === undefined ? new Uint8Array(0) : seen.bytes.slice(0, Math.min(count, seen.size));
    },
    takesWrites: () => disk.refusal(disk.era, 0) === null,
    scribble: (name, at, bytes, safely) => {
      if (disk.refusal(disk.era, 0) !== null) return false;
      const file = disk.files.get(name) ?? new SimFile();
      disk.files.set(name, file);
      file.write(at, bytes);
      if (!safely) return true;
      if (disk.refusal(disk.era, 0) !== null) return false;
      disk.sync(file);
      return true;
    },
    setAside: (file) => {
      let n = 1;
      while (disk.files.has(`${file}.damaged-${n}`)) n++;
      for (const suffix of ['', '-wal']) disk.rename(file + suffix, `${file}.damaged-${n}${suffix}`);
      return `${file}.damaged-${n}`;
    },
  };
}
