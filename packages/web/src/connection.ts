// Whether this page still hears the server, for every part that must not pretend otherwise.
// Set by whoever notices: the live stream, or a poll that failed.
import { signal } from '@preact/signals';

/** Server's clock when it was last lost; `null` while it is heard. */
export const serverLostMs = signal<number | null>(null);

/** Raised by the reload logo: every page loads its data again when this changes. */
export const reloadCount = signal(0);
