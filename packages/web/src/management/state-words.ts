// How a user's account and a machine's box stand, in one or two words.
import type { ManagedMachine, UserView } from '@vigie/contract';
import { nowMs } from '../clock.ts';
import { formatAge } from '../i18n/format.ts';
import { language } from '../prefs.ts';
import { manageWords } from './words.ts';

export function stateWord(user: UserView): string {
  const w = manageWords.value;
  if (user.disabled) return w.disabled;
  return user.state === 'invited' ? w.invited : w.active;
}

export function edgeWord({ retired, enrolled, connected, lastContactMs }: ManagedMachine): string {
  const w = manageWords.value;
  if (retired) return w.retired;
  if (!enrolled) return w.notEnrolled;
  if (connected) return w.connected;
  if (lastContactMs === null) return w.enrolled;
  return w.notConnected(formatAge(nowMs.value - lastContactMs, language.value));
}
