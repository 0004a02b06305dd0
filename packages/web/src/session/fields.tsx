// Form fields with their label, hint and error tied together for screen readers.
// The password field can be shown: typing a long password blind on a phone is how people lock themselves out.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { words } from '../i18n/words.ts';

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly type?: 'text' | 'email';
  readonly autocomplete: string;
  readonly maxLength?: number;
  readonly value?: string;
  readonly optional?: boolean;
  readonly pattern?: string;
  /** One that appears while somebody types takes the cursor. */
  readonly focus?: boolean;
}

export function Field(props: FieldProps) {
  const { name, label, hint, type = 'text', autocomplete, maxLength = 254, value, pattern } = props;
  const { optional = false, focus = false } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focus) input.current?.focus();
  }, []);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        ref={input}
        required={!optional}
        defaultValue={value}
        pattern={pattern}
        maxLength={maxLength}
        autocomplete={autocomplete}
        autocapitalize="none"
        spellcheck={false}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      />
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface PasswordProps {
  readonly name?: string;
  readonly label: string;
  readonly hint?: string;
  readonly autocomplete: 'current-password' | 'new-password';
  readonly minLength?: number;
}

export function PasswordField({
  name = 'password',
  label,
  hint,
  autocomplete,
  minLength = 1,
}: PasswordProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const toggleWord = shown ? words.value.hidePassword : words.value.showPassword;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="password">
        <input
          id={id}
          name={name}
          type={shown ? 'text' : 'password'}
          required
          minLength={minLength}
          maxLength={1024}
          autocomplete={autocomplete}
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        />
        <button
          type="button"
          class="quiet"
          aria-label={toggleWord}
          title={toggleWord}
          onClick={() => setShown(!shown)}
        >
          <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
            <path d="M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12Z" class="stroke" />
            <circle cx="12" cy="12" r="3" class="stroke" />
            {shown && <path d="M4 4l16 16" class="stroke" />}
          </svg>
        </button>
      </div>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}
