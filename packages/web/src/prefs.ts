// Language, theme and keys of this browser, kept in localStorage; the account's language wins once signed in.
// Storage may be refused (private windows): the page then simply forgets.

import { effect, signal } from '@preact/signals';
import type { Language } from '@vigie/contract';

export type Theme = 'auto' | 'light' | 'dark';

function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Nothing to do: the choice lasts as long as the page.
  }
}

function firstLanguage(): Language {
  const kept = remembered('vigie.language');
  if (kept === 'fr' || kept === 'en') return kept;
  return navigator.language.toLowerCase().startsWith('fr') ? 'fr' : 'en';
}

function firstTheme(): Theme {
  const kept = remembered('vigie.theme');
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

export const language = signal<Language>(firstLanguage());
export const theme = signal<Theme>(firstTheme());
/** Whether single letters and signs are commands; they get in the way of who dictates. */
export const singleKeys = signal(remembered('vigie.keys') !== 'off');
/** True while the page is drawn dark, by choice or by the system. */
export const dark = signal(false);

export function startPrefs(): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const systemDark = signal(system.matches);
  system.addEventListener('change', () => {
    systemDark.value = system.matches;
  });
  effect(() => {
    document.documentElement.lang = language.value;
    remember('vigie.language', language.value);
  });
  effect(() => remember('vigie.keys', singleKeys.value ? 'on' : 'off'));
  effect(() => {
    const chosen = theme.value;
    remember('vigie.theme', chosen);
    if (chosen === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    dark.value = chosen === 'dark' || (chosen === 'auto' && systemDark.value);
  });
}
