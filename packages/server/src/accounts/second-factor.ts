// The second factor: codes of an authenticator (TOTP, RFC 6238), and recovery codes for who lost it.
// Invariants: nothing is asked until a first code has confirmed that the authenticator has the secret; no code serves
// twice; recovery codes are of 120 bits and kept as SHA-256 only. The secret itself must be kept readable. Not here:
// limits of attempts (sign-in.ts).
import type { SecondFactorSecret } from '@vigie/contract';
import { Secret, TOTP } from 'otpauth';
import type { Sql } from '../store/database.ts';
import { type AccountRow, newLetters, sha256 } from './account.ts';

const PERIOD_MS = 30_000;
const RECOVERY_CODES = 10;
const SECRET_BYTES = 20;

export type FactorProof = 'authenticator' | 'recovery-code';

export async function beginSecondFactor(sql: Sql, account: AccountRow): Promise<SecondFactorSecret> {
  const totp = totpOf(account, new Secret({ size: SECRET_BYTES }));
  const secret = totp.secret.base32;
  await sql.run('UPDATE account SET totp_pending = $1 WHERE id = $2', secret, account.id);
  return { secret, uri: totp.toString() };
}

/** @returns its recovery codes; `null`: the code is wrong, or nothing was begun. */
export async function confirmSecondFactor(
  sql: Sql,
  account: AccountRow,
  code: string,
  nowMs: number,
): Promise<readonly string[] | null> {
  const { totp_pending: pending } = account;
  const step = pending === null ? null : stepOf(account, pending, code, nowMs);
  if (step === null) return null;
  await sql.run(
    'UPDATE account SET totp_secret = totp_pending, totp_pending = NULL, totp_step = $1, version = version + 1 WHERE id = $2',
    step,
    account.id,
  );
  const codes = Array.from({ length: RECOVERY_CODES }, () => newLetters(24).replace(/(.{4})(?=.)/g, '$1-'));
  await sql.run('DELETE FROM recovery_code WHERE account = $1', account.id);
  await sql.insert(
    'recovery_code',
    { account: 'text', sha256: 'text' },
    codes.map((one) => ({ account: account.id, sha256: recoveryHash(one) })),
  );
  return codes;
}

export async function endSecondFactor(sql: Sql, account: string): Promise<void> {
  await sql.run(
    'UPDATE account SET totp_secret = NULL, totp_pending = NULL, totp_step = NULL, version = version + 1 WHERE id = $1',
    account,
  );
  await sql.run('DELETE FROM recovery_code WHERE account = $1', account);
}

/** Uses the code up. `null`: it is wrong, or has served. */
export async function takeFactorCode(
  sql: Sql,
  account: AccountRow,
  code: string,
  nowMs: number,
): Promise<FactorProof | null> {
  if (account.totp_secret === null) return null;
  const step = stepOf(account, account.totp_secret, code, nowMs);
  if (step !== null) {
    const taken = await sql.run(
      'UPDATE account SET totp_step = $1 WHERE id = $2 AND (totp_step IS NULL OR totp_step < $1)',
      step,
      account.id,
    );
    return taken === 1 ? 'authenticator' : null;
  }
  const used = await sql.run(
    'DELETE FROM recovery_code WHERE account = $1 AND sha256 = $2',
    account.id,
    recoveryHash(code),
  );
  return used === 1 ? 'recovery-code' : null;
}

/** The step of 30 s that the code is of: this one, or the one before or after, since clocks differ. `null`: of none. */
function stepOf(account: AccountRow, secret: string, code: string, nowMs: number): number | null {
  const token = code.replaceAll(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return null;
  const off = totpOf(account, Secret.fromBase32(secret)).validate({ token, timestamp: nowMs, window: 1 });
  return off === null ? null : Math.floor(nowMs / PERIOD_MS) + off;
}

function totpOf({ email }: AccountRow, secret: Secret): TOTP {
  return new TOTP({ issuer: 'Vigie', label: email, secret, digits: 6, period: PERIOD_MS / 1000 });
}

function recoveryHash(code: string): string {
  return sha256(code.toUpperCase().replaceAll(/[^A-Z0-9]/g, ''));
}
