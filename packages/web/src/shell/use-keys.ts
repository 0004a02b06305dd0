// Listens to the keyboard for the whole page, and does what keys.ts says. A dialog that is open keeps the keyboard to itself.
import { useEffect } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { reloadCount } from '../connection.ts';
import { singleKeys } from '../prefs.ts';
import { atRest, type Command, keyCommand } from './keys.ts';
import { overlay } from './overlay.ts';
import type { Place } from './places.ts';

const typedInto =
  'input:not([type="checkbox"], [type="radio"], [type="range"]), textarea, select, [contenteditable]';

function search(): void {
  const field = document.querySelector<HTMLInputElement>('main [data-search]');
  if (field === null) overlay.value = 'go-to';
  else field.focus();
}

export function useKeys(places: readonly Place[]): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    let state = atRest;
    const run = (command: Command): void => {
      switch (command.kind) {
        case 'help':
          overlay.value = 'keys';
          return;
        case 'go-to':
          overlay.value = 'go-to';
          return;
        case 'search':
          search();
          return;
        case 'reload':
          reloadCount.value += 1;
          return;
        case 'go':
          navigate(command.path);
      }
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing || document.querySelector('dialog:modal') !== null) {
        state = atRest;
        return;
      }
      const press = {
        key: event.key,
        ctrlOrMeta: event.ctrlKey || event.metaKey,
        alt: event.altKey,
        typing: event.target instanceof Element && event.target.closest(typedInto) !== null,
        atMs: event.timeStamp,
      };
      const next = keyCommand(state, press, places, singleKeys.peek());
      state = next.state;
      if (next.command === null) return;
      event.preventDefault();
      run(next.command);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [places, navigate]);
}
