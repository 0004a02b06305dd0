// An account as it is stored, and the few questions about it that every part of accounts/ asks.
// Invariant: passwords are argon2id (RFC 9106); whatever else lets somebody in is kept as its SHA-256, and is random enough
// (100 bits or more, or behind a limit of attempts) for that. Not here: who may do what (rights.ts).
import { createHash, randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import type { Language, Me, Role } from '@vigie/contract';
import type { Sql } from '../store/database.ts';
import type { Actor, UserTarget } from './rights.ts';

export interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly user_name: string | null;
  readonly role: Role;
  readonly language: Language;
  readonly time_zone: string | null;
  /** '': none chosen yet. */
  readonly password: string;
  readonly disabled: number;
  readonly version: number;
  readonly kept_by: string | null;
  readonly totp_secret: string | null;
  readonly totp_pending: string | null;
  readonly totp_step: number | null;
}

/** Who did something, and from where; for rights, and for the audit. */
export interface By {
  readonly actor: Actor;
  readonly name: string;
  readonly address: string;
}

export function meOf(row: AccountRow): Me {
  const { id, name, email, role, language } = row;
  return {
    ...{ id, name, email, role, language, userName: row.user_name, timeZone: row.time_zone },
    secondFactor: row.totp_secret !== null,
  };
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

export function newAccountId(): string {
  return randomBytes(8).toString('hex');
}

/** Letters that are not taken for one another; 5 bits each. */
export function newLetters(count: number): string {
  return Array.from(randomBytes(count), (byte) => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[byte & 31]).join('');
}

export function hashPassword(password: string): Promise<string> {
  return hash(password);
}

/** Verified in place of a missing account's, so that the time taken tells nothing. */
const decoy = hash(randomBytes(16));

export async function isPassword(row: AccountRow | undefined, password: string): Promise<boolean> {
  const known = row !== undefined && row.password !== '' ? row.password : null;
  return (await verify(known ?? (await decoy), password)) && known !== null;
}

export function accountById(sql: Sql, id: string): Promise<AccountRow | undefined> {
  return sql.get<AccountRow>('SELECT * FROM account WHERE id = $1', id);
}

export async function machinesOf(sql: Sql, account: string): Promise<ReadonlySet<string>> {
  const rows = await sql.all<{ machine: string }>(
    'SELECT machine FROM account_machine WHERE account = $1',
    account,
  );
  return new Set(rows.map(({ machine }) => machine));
}

export async function actorOf(sql: Sql, { id, role }: AccountRow): Promise<Actor> {
  return { id, role, machines: role === 'super-admin' ? new Set() : await machinesOf(sql, id) };
}

export async function targetOf(sql: Sql, { id, role, kept_by }: AccountRow): Promise<UserTarget> {
  return { id, role, machines: await machinesOf(sql, id), keptBy: kept_by };
}

/** Whatever changes what an account may do ends what is open under it; live streams end by that too (session-watch.ts). */
export async function endSessions(sql: Sql, account: string, but: string | null = null): Promise<void> {
  await sql.run('DELETE FROM session WHERE account = $1 AND sha256 <> $2', account, but ?? '');
}
