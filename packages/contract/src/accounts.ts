// Signing in, the first Super Admin, invitations, one's own account with its password, second factor and sessions.
import { z } from 'zod';
import { line, timeZone } from './text.ts';

export const language = z.enum(['fr', 'en']);
export type Language = z.infer<typeof language>;
export const role = z.enum(['user', 'admin', 'super-admin']);
export type Role = z.infer<typeof role>;

export const personName = line(1, 80);
export const email = z
  .string()
  .max(254)
  .transform((text) => text.trim().toLowerCase())
  .pipe(z.email('takes an e-mail address like lea@example.com'));
/** By which one may sign in instead of the e-mail address; never holds an @. */
export const userName = z
  .string()
  .transform((text) => text.trim().toLowerCase())
  .pipe(
    z.string().regex(/^[a-z0-9][a-z0-9._-]{1,31}$/, 'takes 2 to 32 letters a to z, digits, dots, - and _'),
  );
export const newPassword = z
  .string()
  .min(10, 'takes 10 letters or more')
  .max(1024, 'takes 1024 letters at most');
const anyPassword = z.string().min(1).max(1024);
/** Six digits of an authenticator, or a recovery code. */
const factorCode = z.string().min(6).max(64);
const version = z.number().int().min(1);

// POST /api/session
export const signInRequest = z.strictObject({
  /** E-mail address or user name. */
  user: z.string().min(1).max(254),
  password: anyPassword,
  /** Where the first answer was `second-factor`. */
  code: factorCode.optional(),
});
export type SignInRequest = z.infer<typeof signInRequest>;

// POST /api/setup: the first Super Admin, with the one-time code printed by the server. Signs in.
export const setupRequest = z.strictObject({
  code: z.string().min(1).max(64),
  name: personName,
  email,
  password: newPassword,
  language,
});
export type SetupRequest = z.infer<typeof setupRequest>;

/** GET /api/setup */
export interface SetupState {
  /** True until the first Super Admin exists. */
  readonly needed: boolean;
}

const token = z.string().min(1).max(128);
// POST /api/welcome/look: whom a link is for. It uses nothing up. The token never stands in an address.
export const welcomeLook = z.strictObject({ token });
export interface Welcome {
  /** `reset`: the account has had a password. */
  readonly kind: 'invitation' | 'reset';
  readonly name: string;
  readonly email: string;
  readonly language: Language;
  readonly expiresMs: number;
}
// POST /api/welcome: sets the password and uses the link up; answers WelcomeDone.
export const welcomeRequest = z.strictObject({ token, password: newPassword });
/** `null`: the account has a second factor, and is asked for it by signing in. */
export interface WelcomeDone {
  readonly me: Me | null;
}

/** GET /api/me, and the answer of POST /api/session and POST /api/setup. 401 when signed out. */
export interface Me {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** `null`: signs in by e-mail alone. */
  readonly userName: string | null;
  readonly role: Role;
  readonly language: Language;
  /** In which times that belong to no machine are shown; `null`: the browser's. */
  readonly timeZone: string | null;
  readonly secondFactor: boolean;
}
// PATCH /api/me
export const meChange = z.strictObject({
  language: language.optional(),
  timeZone: timeZone.nullable().optional(),
});
export type MeChange = z.infer<typeof meChange>;

// PUT /api/me/password: ends the account's other sessions.
export const passwordChange = z.strictObject({ current: anyPassword, password: newPassword });

/** GET /api/me/sessions, newest first. */
export interface SessionView {
  readonly id: string;
  /** The one that asks. */
  readonly own: boolean;
  readonly createdMs: number;
  /** Last request, to the minute. */
  readonly seenMs: number;
  readonly address: string;
  /** What the browser said of itself. */
  readonly agent: string;
}

// POST /api/me/second-factor: begins; nothing is asked at sign-in until it is confirmed.
export const secondFactorBegin = z.strictObject({ password: anyPassword });
export interface SecondFactorSecret {
  /** Base32, for who types it. */
  readonly secret: string;
  /** otpauth://totp/… for who scans it. */
  readonly uri: string;
}
// PUT /api/me/second-factor: confirms with a code of the authenticator; answers RecoveryCodes, shown this once.
export const secondFactorConfirm = z.strictObject({ code: factorCode });
export interface RecoveryCodes {
  readonly codes: readonly string[];
}
// DELETE /api/me/second-factor
export const secondFactorEnd = z.strictObject({ password: anyPassword, code: factorCode });

/** For every change of an object that several people edit: the version it was read at. */
export const atVersion = z.strictObject({ version });
