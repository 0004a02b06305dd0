// The server's clock as this page knows it, and one tick per second for everything that shows an age.
// Ages are never computed from the device's own clock: it may be hours wrong.
import { computed, signal } from '@preact/signals';

/** Server's clock less this device's, as far as it is known. */
export const clockOffsetMs = signal(0);
const deviceMs = signal(Date.now());

/** Server's present, refreshed every second. */
export const nowMs = computed(() => deviceMs.value + clockOffsetMs.value);

/** Server's present, at this very call. */
export function serverNowMs(): number {
  return Date.now() + clockOffsetMs.peek();
}

/** Call with every `nowMs` an answer brings. */
export function heardServerClock(serverMs: number): void {
  const device = Date.now();
  const offset = serverMs - device;
  // A second of travel time is no news; moving by less would make ages flicker.
  if (Math.abs(offset - clockOffsetMs.peek()) > 1000) clockOffsetMs.value = offset;
}

export function startClock(): void {
  setInterval(() => {
    deviceMs.value = Date.now();
  }, 1000);
}
