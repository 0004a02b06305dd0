// Signing in, the first Super Admin, one's own account.
import { z } from 'zod';

export const language = z.enum(['fr', 'en']);
export type Language = z.infer<typeof language>;
export type Role = 'user' | 'admin' | 'super-admin';

// POST /api/session
export const signInRequest = z.strictObject({
  user: z.string().min(1).max(254),
  password: z.string().min(1).max(1024),
});
export type SignInRequest = z.infer<typeof signInRequest>;

// POST /api/setup: the first Super Admin, with the one-time code printed by the server. Signs in.
export const setupRequest = z.strictObject({
  code: z.string().min(1).max(64),
  name: z.string().trim().min(1).max(80),
  email: z.email().max(254),
  password: z.string().min(10).max(1024),
  language,
});
export type SetupRequest = z.infer<typeof setupRequest>;

/** GET /api/setup */
export interface SetupState {
  /** True until the first Super Admin exists. */
  readonly needed: boolean;
}

/** GET /api/me, and the answer of POST /api/session and POST /api/setup. 401 when signed out. */
export interface Me {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly language: Language;
}
// PATCH /api/me
export const meChange = z.strictObject({ language: language.optional() });
