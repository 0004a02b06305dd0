// Every place of the site, said once: the bar, the keys and the go-to dialog are made from this list, in its order.
// A new page is a line here, its route in app.tsx and its name in the dictionary. The bar takes five at most, which is what
// a phone has room for. Not here: what a place shows, and what the server allows, which it decides by itself.
import type { Role } from '@vigie/contract';
import type { Dictionary } from '../i18n/words.ts';

type Name = { [Key in keyof Dictionary]: Dictionary[Key] extends string ? Key : never }[keyof Dictionary];

export interface Place {
  readonly name: Name;
  readonly path: string;
  /** Roles it is shown to. */
  readonly roles: readonly Role[];
  /** The letter after `g` that leads there; `null`: none. */
  readonly key: string | null;
  /** How it stands in the bar; `null`: it does not, and is found from elsewhere. */
  readonly bar: Bar | null;
}

interface Bar {
  /** Path of its icon, on 24 × 24. */
  readonly icon: string;
  /** It is the current one at these paths and below them. */
  readonly covers: readonly string[];
}

const all: readonly Role[] = ['user', 'admin', 'super-admin'];
const managers: readonly Role[] = ['admin', 'super-admin'];

export const places: readonly Place[] = [
  {
    name: 'navFleet',
    path: '/fleet',
    roles: all,
    key: 'f',
    bar: { icon: 'M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z', covers: ['/fleet', '/m'] },
  },
  {
    name: 'navAnalysis',
    path: '/analysis',
    roles: all,
    key: 'a',
    bar: { icon: 'M4 4v16h16M7.5 15l4-5 3.5 3 5-7', covers: ['/analysis'] },
  },
  {
    name: 'navAlarms',
    path: '/alarms',
    roles: all,
    key: 'l',
    bar: { icon: 'M6 17V11a6 6 0 0 1 12 0v6l1.5 2h-15L6 17ZM10 21h4', covers: ['/alarms'] },
  },
  {
    name: 'navManage',
    path: '/manage/users',
    roles: managers,
    key: 'm',
    bar: {
      icon: 'M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11ZM3 19.5c0-3.3 2.7-5.5 6-5.5s6 2.2 6 5.5M16 5.2a3 3 0 0 1 0 5.6M17.5 14.4c2.1.6 3.5 2.3 3.5 5.1',
      covers: ['/manage'],
    },
  },
  { name: 'navManageMachines', path: '/manage/machines', roles: managers, key: null, bar: null },
  { name: 'navAudit', path: '/manage/audit', roles: managers, key: null, bar: null },
  {
    name: 'navProfile',
    path: '/profile',
    roles: all,
    key: 'p',
    bar: {
      icon: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4ZM9 14.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z',
      covers: ['/profile'],
    },
  },
];

export function placesFor(role: Role): readonly Place[] {
  return places.filter(({ roles }) => roles.includes(role));
}

export function isCurrent({ covers }: Bar, location: string): boolean {
  return covers.some((path) => location === path || location.startsWith(`${path}/`));
}
