// What something is linked to, each with a button that unlinks it, and a field that finds what else may be linked: machines
// of a user, users of a machine. Not here: the links themselves (data.ts).
import { useId, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { plain } from '../i18n/plain.ts';
import { manageWords } from './words.ts';

interface Linked {
  readonly id: string;
  readonly name: string;
  /** Where its sheet is; without it there is none to open from here. */
  readonly href?: string;
}
interface Free {
  readonly id: string;
  readonly name: string;
  /** What tells two of one name apart: an id, an e-mail. */
  readonly otherName: string;
}

interface LinkPickerProps {
  readonly title: string;
  /** Of the field. */
  readonly label: string;
  /** Said when nothing is linked. */
  readonly nothing: string;
  readonly linked: readonly Linked[];
  readonly free: readonly Free[];
  readonly add: (id: string) => void;
  readonly remove: (id: string) => void;
}

function offered({ name, otherName }: Free): string {
  return `${name} (${otherName})`;
}

/** What a person means by a name, by what tells it apart, or by what the list offers. */
function meantBy(typed: string, free: readonly Free[]): Free | null {
  const wanted = plain(typed.trim());
  if (wanted === '') return null;
  const is = (text: string): boolean => plain(text) === wanted;
  const exact = free.find((one) => is(one.otherName) || is(offered(one)));
  const named = free.filter(({ name }) => is(name));
  return exact ?? (named.length === 1 ? (named[0] ?? null) : null);
}

export function LinkPicker({ title, label, nothing, linked, free, add, remove }: LinkPickerProps) {
  const w = manageWords.value;
  const id = useId();
  const [typed, setTyped] = useState('');
  const meant = meantBy(typed, free);
  const link = (): void => {
    if (meant === null) return;
    add(meant.id);
    setTyped('');
  };
  return (
    <section class="sheet-part" aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>{title}</h3>
      <ul class="chips">
        {linked.map((one) => (
          <li key={one.id} class="chip">
            {one.href === undefined ? <span>{one.name}</span> : <Link href={one.href}>{one.name}</Link>}
            <button
              type="button"
              class="chip-button"
              aria-label={w.unlink(one.name)}
              title={w.unlink(one.name)}
              onClick={() => remove(one.id)}
            >
              <svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true">
                <path d="M6 6l12 12M18 6 6 18" class="stroke" />
              </svg>
            </button>
          </li>
        ))}
        {linked.length === 0 && <li class="muted">{nothing}</li>}
      </ul>
      {free.length > 0 && (
        <div class="field">
          <label for={id}>{label}</label>
          <div class="beside">
            <input
              id={id}
              list={`${id}-list`}
              value={typed}
              placeholder={w.linkHint}
              autocomplete="off"
              onInput={(event) => setTyped(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return;
                event.preventDefault();
                link();
              }}
            />
            <button type="button" aria-disabled={meant === null} onClick={link}>
              {w.link}
            </button>
          </div>
          <datalist id={`${id}-list`}>
            {free.map((one) => (
              <option key={one.id} value={offered(one)} />
            ))}
          </datalist>
        </div>
      )}
    </section>
  );
}
