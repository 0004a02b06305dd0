// Who may do what: the one function that decides, for pages, API, live streams and exports alike. docs/roles.md is the same
// for people. Pure: what an actor holds is read with its session, what is to be changed by who asks.
// Invariants: whatever is not allowed here is not allowed; nobody may raise anybody above a right of their own.
import type { Role } from '@vigie/contract';

/** Whoever asks. */
export interface Actor {
  readonly id: string;
  readonly role: Role;
  /** Ids of linked machines; of a Super Admin they say nothing. */
  readonly machines: ReadonlySet<string>;
}

/** A user as far as rights go. */
export interface UserTarget {
  readonly id: string;
  readonly role: Role;
  readonly machines: ReadonlySet<string>;
  /** Id of who made the account, or of the Admin who took its last link away; `null`: the server's set-up. */
  readonly keptBy: string | null;
}

interface Targets {
  /** Its rows, live and stored, its journal, its exports. */
  readonly 'see-machine': string;
  /** Name, site, time zone. */
  readonly 'edit-machine': string;
  readonly 'set-limits': string;
  readonly 'acknowledge-alarm': string;
  /** And take it from its shelf. */
  readonly 'shelve-alarm': string;
  /** Notes of others on its charts. */
  readonly 'delete-notes': string;
  readonly 'make-enrolment-code': string;
  readonly 'create-machine': null;
  /** And bring it back. */
  readonly 'retire-machine': string;
  /** The pages of management, whatever is on them. */
  readonly manage: null;
  readonly 'create-user': Pick<UserTarget, 'role' | 'machines'>;
  /** See, edit, disable, delete, invite. */
  readonly 'edit-user': UserTarget;
  readonly 'set-role': UserTarget;
  /** And unlink. */
  readonly 'link-user': { readonly user: UserTarget; readonly machine: string };
}

export type Action = keyof Targets;

const holds = ({ role, machines }: Actor, machine: string): boolean =>
  role === 'super-admin' || machines.has(machine);
const holdsAsAdmin = (actor: Actor, machine: string): boolean =>
  actor.role !== 'user' && holds(actor, machine);
const isSuper = ({ role }: Actor): boolean => role === 'super-admin';
const holdsAll = (actor: Actor, machines: ReadonlySet<string>): boolean =>
  [...machines].every((machine) => holds(actor, machine));

const RULES: { readonly [A in Action]: (actor: Actor, target: Targets[A]) => boolean } = {
  'see-machine': holds,
  'edit-machine': holdsAsAdmin,
  'set-limits': holdsAsAdmin,
  'acknowledge-alarm': holds,
  'shelve-alarm': holdsAsAdmin,
  'delete-notes': holdsAsAdmin,
  'make-enrolment-code': holdsAsAdmin,
  'create-machine': isSuper,
  'retire-machine': isSuper,
  manage: ({ role }) => role !== 'user',
  'create-user': (actor, { role, machines }) =>
    isSuper(actor) || (actor.role === 'admin' && role === 'user' && holdsAll(actor, machines)),
  'edit-user': editsUser,
  'set-role': isSuper,
  'link-user': (actor, { user, machine }) => editsUser(actor, user) && holds(actor, machine),
};

export function may<A extends Action>(actor: Actor, action: A, target: Targets[A]): boolean {
  return RULES[action](actor, target);
}

/** A User without machines is within nobody's but the keeper's. */
function editsUser(actor: Actor, user: UserTarget): boolean {
  if (isSuper(actor)) return true;
  if (actor.role !== 'admin' || user.role !== 'user') return false;
  return user.machines.size === 0 ? user.keptBy === actor.id : holdsAll(actor, user.machines);
}
