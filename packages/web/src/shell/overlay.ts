// Which dialog is open over the page; any page may be beneath it. Not here: showing it (overlays.tsx).
import { signal } from '@preact/signals';

export const overlay = signal<'go-to' | 'keys' | null>(null);
