// Who is signed in, as the server says. The cookie itself is HttpOnly: the page never sees it.
// Not here: forms (sign-in.tsx, setup.tsx) and what a role may do.

import { computed, effect, signal } from '@preact/signals';
import type {
  Language,
  Me,
  MeChange,
  SetupRequest,
  SetupState,
  SignInRequest,
  WelcomeDone,
} from '@vigie/contract';
import { type FailureCode, failureCode, get, lastAnswerMs, send, signedOut } from '../api.ts';
import { clockOffsetMs } from '../clock.ts';
import { speak } from '../i18n/words.ts';
import { kept } from '../offline/kept.ts';

export type Session =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed'; readonly code: FailureCode }
  | { readonly kind: 'out'; readonly setupNeeded: boolean }
  | { readonly kind: 'in'; readonly me: Me };

export const session = signal<Session>({ kind: 'unknown' });

signedOut.react = (): void => {
  if (session.peek().kind === 'in') session.value = { kind: 'out', setupNeeded: false };
};

// What this device keeps belongs to whoever is signed in, and to nobody else.
effect(() => {
  const now = session.value;
  if (now.kind === 'in') kept.keepAccount(now.me, clockOffsetMs.value);
  else if (now.kind === 'out') kept.wipe();
});

async function enter(me: Me): Promise<void> {
  const before = session.peek();
  // What the page knows of another account's machines goes first.
  if (before.kind === 'in' && before.me.id !== me.id) session.value = { kind: 'unknown' };
  await speak(me.language);
  session.value = { kind: 'in', me };
}

/** Asks once who is signed in, and when nobody is, whether the server has any account. */
export async function findSession(): Promise<void> {
  const known = kept.account();
  if (known !== null && lastAnswerMs.peek() === null) clockOffsetMs.value = known.offsetMs;
  try {
    await enter(await get<Me>('/api/me'));
  } catch (cause) {
    const code = failureCode(cause);
    if (known !== null && (code === 'unreachable' || code === 'unavailable')) {
      // Without the server: whoever was signed in here may look at what is kept, until it answers.
      session.value = { kind: 'in', me: known.me };
      askWhenHeard();
      return;
    }
    if (code !== 'signed-out') {
      session.value = { kind: 'failed', code: code ?? 'unavailable' };
      return;
    }
    try {
      const { needed } = await get<SetupState>('/api/setup');
      session.value = { kind: 'out', setupNeeded: needed };
    } catch {
      session.value = { kind: 'out', setupNeeded: false };
    }
  }
}

function askWhenHeard(): void {
  const before = lastAnswerMs.peek();
  const stop = lastAnswerMs.subscribe((heardMs) => {
    if (heardMs === before) return;
    stop();
    void findSession();
  });
}

export async function signIn(request: SignInRequest): Promise<void> {
  const me = await send<Me>('POST', '/api/session', request);
  if (me !== null) await enter(me);
}

export async function setUp(request: SetupRequest): Promise<void> {
  const me = await send<Me>('POST', '/api/setup', request);
  if (me !== null) await enter(me);
}

/** Chooses a password by a link. `false`: the account has a second factor, and signs in the usual way. */
export async function choosePassword(token: string, password: string): Promise<boolean> {
  const done = await send<WelcomeDone>('POST', '/api/welcome', { token, password });
  if (done === null || done.me === null) {
    session.value = { kind: 'out', setupNeeded: false };
    return false;
  }
  await enter(done.me);
  return true;
}

export async function changeMe(change: MeChange): Promise<void> {
  const me = await send<Me>('PATCH', '/api/me', change);
  if (me !== null) session.value = { kind: 'in', me };
}

/** After something of the account changed elsewhere than by `changeMe`. */
export async function readMe(): Promise<void> {
  session.value = { kind: 'in', me: await get<Me>('/api/me') };
}

/** In which times that belong to no machine are shown: as chosen in the profile, else the browser's. */
export const readerZone = computed(() => {
  const now = session.value;
  const chosen = now.kind === 'in' ? now.me.timeZone : null;
  return chosen ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
});

/** Whether the pages of management are there for whoever is signed in; the server decides by itself. */
export const manages = computed(() => session.value.kind === 'in' && session.value.me.role !== 'user');

export async function signOut(): Promise<void> {
  // Whether or not the server can be told.
  kept.wipe();
  try {
    await send<null>('DELETE', '/api/session');
  } catch (cause) {
    if (failureCode(cause) !== 'signed-out') throw cause;
  }
  session.value = { kind: 'out', setupNeeded: false };
}

/** Takes effect as soon as its words are here; the account keeps it for the next sign-in, and for mails. */
export function chooseLanguage(chosen: Language): void {
  void speak(chosen);
  const now = session.peek();
  if (now.kind !== 'in' || now.me.language === chosen) return;
  session.value = { kind: 'in', me: { ...now.me, language: chosen } };
  // A failure only means that the account keeps its old language; this browser has the new one.
  changeMe({ language: chosen }).catch(() => {});
}

/** Where to go after signing in: a path of this page only, never another site. */
export function safeNext(query: string): string {
  const next = new URLSearchParams(query).get('next');
  if (next === null || !next.startsWith('/') || next.startsWith('//') || next.includes('\\')) return '/';
  return next;
}
