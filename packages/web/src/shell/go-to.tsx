// Goes to a machine or a page by a few letters of its name (a combobox as WAI-ARIA describes it: the field keeps the focus,
// arrows choose, Enter goes). The machines are those of the list, or fetched once; without them the pages are still there.
import type { Fleet } from '@vigie/contract';
import { useEffect, useId, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { get } from '../api.ts';
import { fleet } from '../fleet/fleet-store.ts';
import { words } from '../i18n/words.ts';
import { session } from '../session/session.ts';
import { Dialog } from './dialog.tsx';
import { find } from './find.ts';
import { overlay } from './overlay.ts';
import { placesFor } from './places.ts';
import { shellWords } from './words.ts';

interface Target {
  readonly path: string;
  readonly name: string;
  readonly about: string;
}

const mostShown = 8;

function useTargets(): { readonly targets: readonly Target[]; readonly isFailed: boolean } {
  const [fetched, setFetched] = useState<Fleet | null>(null);
  const [isFailed, setFailed] = useState(false);
  useEffect(() => {
    if (fleet.peek() !== null) return;
    const abort = new AbortController();
    get<Fleet>('/api/machines', abort.signal)
      .then(setFetched)
      .catch(() => setFailed(!abort.signal.aborted));
    return () => abort.abort();
  }, []);
  const now = session.value;
  const pages = now.kind === 'in' ? placesFor(now.me.role) : [];
  const machines = (fleet.value ?? fetched)?.machines ?? [];
  return {
    isFailed,
    targets: [
      ...machines.map(({ id, name, site }) => ({
        path: `/m/${encodeURIComponent(id)}`,
        name,
        about: [id === name ? '' : id, site].filter(Boolean).join(' · '),
      })),
      ...pages.map(({ name, path }) => ({
        path,
        name: words.value[name],
        about: shellWords.value.goToPage,
      })),
    ],
  };
}

export function GoTo() {
  const w = shellWords.value;
  const id = useId();
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState('');
  const [place, setPlace] = useState(0);
  const { targets, isFailed } = useTargets();
  const found = find(targets, typed, ({ name, about }) => `${name} ${about}`);
  const shown = found.slice(0, mostShown);
  const chosen = Math.min(place, shown.length - 1);
  const close = (): void => {
    overlay.value = null;
  };
  const go = ({ path }: Target): void => {
    close();
    navigate(path);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (move !== 0 && shown.length > 0) setPlace((chosen + move + shown.length) % shown.length);
    else if (event.key === 'Enter' && shown[chosen] !== undefined) go(shown[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={w.goTo} close={close}>
      <input
        type="search"
        role="combobox"
        autofocus
        autocomplete="off"
        spellcheck={false}
        aria-label={w.goToSearch}
        placeholder={w.goToSearch}
        aria-expanded={shown.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown.length > 0 ? `${id}-${chosen}` : undefined}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setPlace(0);
        }}
        onKeyDown={onKeyDown}
      />
      {isFailed && <p class="hint">{w.goToFailed}</p>}
      <div id={`${id}-list`} class="go-list" role="listbox" aria-label={w.goTo}>
        {shown.map((target, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: arrows and Enter in the field do the same
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus, aria-activedescendant points here
          <div
            key={target.path}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === chosen}
            onClick={() => go(target)}
            onPointerMove={() => setPlace(i)}
          >
            <span>{target.name}</span>
            <span class="muted">{target.about}</span>
          </div>
        ))}
      </div>
      <p class={shown.length === 0 && typed !== '' ? 'muted' : 'unseen'} role="status">
        {shown.length === 0 && typed !== ''
          ? w.goToNone(typed.trim())
          : typed === ''
            ? ''
            : w.goToFound(found.length)}
      </p>
    </Dialog>
  );
}
