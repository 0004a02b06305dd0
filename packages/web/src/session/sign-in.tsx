// The sign-in page: nothing but the form, and a plain sentence when something is wrong. Who has a second factor is asked for
// its code when the password was right.
import { useState } from 'preact/hooks';
import { ApiFailure } from '../api.ts';
import { words } from '../i18n/words.ts';
import { Preferences } from '../shell/preferences.tsx';
import { Field, PasswordField, textOf } from './fields.tsx';
import { Gate } from './gate.tsx';
import { signIn } from './session.ts';
import { useForm } from './use-form.ts';

export function SignIn() {
  const w = words.value;
  const [asksCode, setAsksCode] = useState(false);
  const { busy, failure, onSubmit } = useForm(async (data) => {
    const code = textOf(data, 'code').trim();
    try {
      await signIn({
        user: textOf(data, 'user').trim(),
        password: textOf(data, 'password'),
        ...(code === '' ? {} : { code }),
      });
    } catch (cause) {
      if (!(cause instanceof ApiFailure) || cause.code !== 'second-factor') throw cause;
      setAsksCode(true);
    }
  });
  return (
    <Gate title={w.signInTitle} below={<Preferences />}>
      <form onSubmit={onSubmit}>
        <Field name="user" label={w.signInUser} autocomplete="username" />
        <PasswordField label={w.signInPassword} autocomplete="current-password" />
        {asksCode && (
          <Field
            name="code"
            label={w.signInCode}
            hint={w.signInCodeHint}
            autocomplete="one-time-code"
            maxLength={64}
            focus
          />
        )}
        <p class="form-failure" role="alert">
          {failure}
        </p>
        <button type="submit" class="primary" aria-disabled={busy}>
          {busy ? w.signInBusy : w.signInAction}
        </button>
      </form>
    </Gate>
  );
}
