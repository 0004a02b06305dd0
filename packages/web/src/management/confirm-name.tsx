// What cannot be taken back is confirmed by typing the name of what it is done to. The button is outlined and neutral: red is
// for alarms.
import { useId, useState } from 'preact/hooks';

interface ConfirmProps {
  readonly title: string;
  readonly hint: string;
  readonly label: string;
  readonly name: string;
  readonly action: string;
  readonly act: () => void;
}

export function ConfirmName({ title, hint, label, name, action, act }: ConfirmProps) {
  const id = useId();
  const [typed, setTyped] = useState('');
  const matches = typed.trim() === name;
  return (
    <details class="confirm">
      <summary>{title}</summary>
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      <div class="field">
        <label for={id}>{label}</label>
        <input
          id={id}
          value={typed}
          autocomplete="off"
          spellcheck={false}
          aria-describedby={`${id}-hint`}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </div>
      <button
        type="button"
        class="outlined"
        aria-disabled={!matches}
        onClick={() => {
          if (matches) act();
        }}
      >
        {action}
      </button>
    </details>
  );
}
