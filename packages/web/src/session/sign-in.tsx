// The sign-in page: nothing but the form, and a plain sentence when something is wrong.
import { words } from '../i18n/words.ts';
import { Preferences } from '../shell/preferences.tsx';
import { Field, PasswordField, textOf } from './fields.tsx';
import { Gate } from './gate.tsx';
import { signIn } from './session.ts';
import { useForm } from './use-form.ts';

export function SignIn() {
  const w = words.value;
  const { busy, failure, onSubmit } = useForm((data) =>
    signIn({ user: textOf(data, 'user').trim(), password: textOf(data, 'password') }),
  );
  return (
    <Gate title={w.signInTitle} below={<Preferences />}>
      <form onSubmit={onSubmit}>
        <Field name="user" label={w.signInUser} autocomplete="username" />
        <PasswordField label={w.signInPassword} autocomplete="current-password" />
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
