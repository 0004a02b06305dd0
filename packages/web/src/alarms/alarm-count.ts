// How many alarms ring and wait, for the navigation and the fleet: asked for every 15 s while a page is in view, and at once
// when a page hears that alarms changed. Not here: the alarms themselves (alarm-list.ts).
import { signal } from '@preact/signals';
import type { AlarmCount } from '@vigie/contract';
import { get } from '../api.ts';
import { session } from '../session/session.ts';

const refreshMs = 15_000;

/** `null`: not known. */
export const alarmCount = signal<AlarmCount | null>(null);
/** Rises when alarms changed, as far as this page hears of it. */
export const alarmsChanged = signal(0);

async function load(): Promise<void> {
  if (document.visibilityState !== 'visible' || session.peek().kind !== 'in') return;
  try {
    alarmCount.value = await get<AlarmCount>('/api/alarms/count');
  } catch {
    // What is not known is not shown as nothing.
    alarmCount.value = null;
  }
}

/** Keeps it fresh for as long as somebody is signed in. @returns stops it. */
export function watchAlarmCount(): () => void {
  const timer = setInterval(() => void load(), refreshMs);
  const turn = (): void => void load();
  document.addEventListener('visibilitychange', turn);
  // Now, and whenever they change.
  const unwatch = alarmsChanged.subscribe(() => setTimeout(turn));
  return () => {
    unwatch();
    clearInterval(timer);
    document.removeEventListener('visibilitychange', turn);
    alarmCount.value = null;
  };
}
