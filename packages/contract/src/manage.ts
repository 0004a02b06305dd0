// Management: users and whom they are linked to, machines and who is linked to them, what was done by whom.
// Invariant: what several people may edit carries a version; a change names the one it was read at, and is refused with
// `changed` when somebody else was faster.
import { machineSettings } from '@vigie/model';
import { z } from 'zod';
import { email, type Language, language, personName, type Role, role, userName } from './accounts.ts';
import { line, timeZone } from './text.ts';

const version = z.number().int().min(1);
export const machineIdText = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/, 'takes letters, digits, - and _, at most 32: TV-12');

/** GET /api/users: those whom the one who asks may edit. */
export interface UserView {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly email: string;
  readonly userName: string | null;
  readonly role: Role;
  readonly language: Language;
  readonly disabled: boolean;
  readonly secondFactor: boolean;
  /** Ids of linked machines; a Super Admin sees all without any. */
  readonly machines: readonly string[];
  /** `invited`: has not chosen a password yet. */
  readonly state: 'active' | 'invited';
  /** Until when the link that was made last is good; `null`: there is none. */
  readonly invitedUntilMs: number | null;
  /** `null`: never signed in, or long ago. */
  readonly seenMs: number | null;
}

// POST /api/users: answers UserInvited.
export const userCreate = z.strictObject({
  name: personName,
  email,
  userName: userName.nullable(),
  role,
  language,
  machines: z.array(machineIdText).max(10_000),
});
export type UserCreate = z.infer<typeof userCreate>;

/** Also of POST /api/users/:id/invitation. */
export interface UserInvited {
  readonly user: UserView;
  /** Goes behind the # of /welcome, so that no server and no log ever sees it in an address. Known to nobody afterwards. */
  readonly token: string;
  readonly expiresMs: number;
  /** A mail with it was sent. */
  readonly mailed: boolean;
}

// PATCH /api/users/:id: answers UserView.
export const userChange = z.strictObject({
  version,
  name: personName.optional(),
  email: email.optional(),
  userName: userName.nullable().optional(),
  language: language.optional(),
  role: role.optional(),
  disabled: z.boolean().optional(),
});
export type UserChange = z.infer<typeof userChange>;

/** GET /api/manage/machines, and each of its changes: those that the one who asks may edit, retired ones too. */
export interface ManagedMachine {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly site: string;
  readonly timeZone: string;
  readonly retired: boolean;
  /** Its edge holds a credential. */
  readonly enrolled: boolean;
  /** Until when a code waits for an edge to enrol with; `null`: none does, since it was used or is too old. */
  readonly codeUntilMs: number | null;
  readonly connected: boolean;
  readonly lastContactMs: number | null;
  /** Linked users whom the one who asks may see. */
  readonly users: readonly { readonly id: string; readonly name: string; readonly role: Role }[];
}

// POST /api/machines: answers ManagedMachine.
export const machineCreate = z.strictObject({
  id: machineIdText,
  name: line(1, 80),
  site: line(0, 120),
  timeZone,
});
export type MachineCreate = z.infer<typeof machineCreate>;

// PATCH /api/machines/:id: answers ManagedMachine.
export const machineChange = z.strictObject({
  version,
  name: line(1, 80).optional(),
  site: line(0, 120).optional(),
  timeZone: timeZone.optional(),
});
export type MachineChange = z.infer<typeof machineChange>;

// PUT /api/machines/:id/settings: limits, bands, names of channels, interval, budget. Answers ManagedMachine.
export const settingsChange = z.strictObject({ version, settings: machineSettings });

/** POST /api/machines/:id/enrolment-code: single use; the ones before it are void. */
export interface Enrolment {
  readonly machine: string;
  readonly code: string;
  readonly expiresMs: number;
  /** Port that edges dial. */
  readonly linkPort: number;
}

export type AuditAction =
  | 'account-created'
  | 'account-changed'
  | 'account-disabled'
  | 'account-enabled'
  | 'account-deleted'
  | 'role-changed'
  | 'linked'
  | 'unlinked'
  | 'invited'
  | 'reset-link-made'
  | 'signed-in'
  | 'signed-out'
  | 'password-changed'
  | 'password-reset'
  | 'second-factor-on'
  | 'second-factor-off'
  | 'recovery-code-used'
  | 'session-ended'
  | 'machine-created'
  | 'machine-changed'
  | 'machine-retired'
  | 'machine-restored'
  | 'settings-changed'
  | 'enrolment-code-made'
  | 'credential-revoked';

export interface AuditEntry {
  readonly id: number;
  readonly atMs: number;
  /** `null`: the server's command line, or whoever held the set-up code or a link. */
  readonly actor: string | null;
  readonly action: AuditAction;
  /** Name of the user it was done to, as it was then; `null`: none. */
  readonly user: string | null;
  /** Id of the machine it was done to; `null`: none. */
  readonly machine: string | null;
  /** What changed: by field the value before and after, never a secret. */
  readonly facts: Readonly<Record<string, string | number | null>>;
  /** Where it was done from; `null`: the server's command line. */
  readonly address: string | null;
}

/** GET /api/audit?before=ID&count= : newest first. */
export interface Audit {
  readonly entries: readonly AuditEntry[];
  readonly more: boolean;
}
