// What a key means that is pressed anywhere on the page. Pure: `(state, press) → (state, command)`.
// Single characters can be turned off (WCAG 2.2, 2.1.4), Ctrl/⌘+K cannot; nobody's typing is ever taken for a command.
// Not here: keys of a focused chart (charts/chart-keys.ts), and doing it (use-keys.ts).
import type { Place } from './places.ts';

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'go-to' }
  | { readonly kind: 'search' }
  | { readonly kind: 'reload' }
  | { readonly kind: 'go'; readonly path: string };

export interface Press {
  /** As in KeyboardEvent.key. */
  readonly key: string;
  readonly ctrlOrMeta: boolean;
  readonly alt: boolean;
  /** The key goes into a field. */
  readonly typing: boolean;
  readonly atMs: number;
}

export interface KeyState {
  /** When `g` was pressed and nothing after it; `null`: it was not. */
  readonly gAtMs: number | null;
}

export const atRest: KeyState = { gAtMs: null };
/** How long `g` waits for its second letter. */
const secondLetterMs = 1500;

export function keyCommand(
  state: KeyState,
  press: Press,
  places: readonly Place[],
  singleKeys: boolean,
): { readonly state: KeyState; readonly command: Command | null } {
  const key = press.key.toLowerCase();
  if (press.alt) return { state: atRest, command: null };
  if (press.ctrlOrMeta) return { state: atRest, command: key === 'k' ? { kind: 'go-to' } : null };
  if (!singleKeys || press.typing) return { state: atRest, command: null };
  // Shift alone is half of a `?`.
  if (key === 'shift') return { state, command: null };
  if (state.gAtMs !== null && press.atMs - state.gAtMs <= secondLetterMs) {
    const place = places.find((one) => one.key === key);
    return { state: atRest, command: place === undefined ? null : { kind: 'go', path: place.path } };
  }
  switch (key) {
    case 'g':
      return { state: { gAtMs: press.atMs }, command: null };
    case '?':
      return { state: atRest, command: { kind: 'help' } };
    case '/':
      return { state: atRest, command: { kind: 'search' } };
    case 'r':
      return { state: atRest, command: { kind: 'reload' } };
    default:
      return { state: atRest, command: null };
  }
}
