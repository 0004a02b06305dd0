// The first set-up: makes the first account with the one-time code printed by the server, and signs in.
// Shown only while the server has no account.
import { useId } from 'preact/hooks';
import { speak, words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { Preferences } from '../shell/preferences.tsx';
import { Field, PasswordField, textOf } from './fields.tsx';
import { Gate } from './gate.tsx';
import { setUp } from './session.ts';
import { useForm } from './use-form.ts';

export function Setup() {
  const w = words.value;
  const id = useId();
  const { busy, failure, onSubmit } = useForm((data) =>
    setUp({
      code: textOf(data, 'code').trim(),
      name: textOf(data, 'name').trim(),
      email: textOf(data, 'email').trim(),
      password: textOf(data, 'password'),
      language: textOf(data, 'language') === 'en' ? 'en' : 'fr',
    }),
  );
  return (
    <Gate title={w.setupTitle} below={<Preferences themeOnly />}>
      <p class="muted">{w.setupIntro}</p>
      <form onSubmit={onSubmit}>
        <Field
          name="code"
          label={w.setupCode}
          hint={w.setupCodeHint}
          autocomplete="one-time-code"
          maxLength={64}
        />
        <Field name="name" label={w.setupName} autocomplete="name" maxLength={80} />
        <Field name="email" type="email" label={w.setupEmail} autocomplete="email" />
        <PasswordField
          label={w.setupPassword}
          hint={w.setupPasswordHint}
          autocomplete="new-password"
          minLength={10}
        />
        <div class="field">
          <label for={id}>{w.setupLanguage}</label>
          <select
            id={id}
            name="language"
            value={language.value}
            onChange={(event) => {
              void speak(event.currentTarget.value === 'en' ? 'en' : 'fr');
            }}
          >
            <option value="fr">Français</option>
            <option value="en">English</option>
          </select>
        </div>
        <p class="form-failure" role="alert">
          {failure}
        </p>
        <button type="submit" class="primary" aria-disabled={busy}>
          {busy ? w.setupBusy : w.setupAction}
        </button>
      </form>
    </Gate>
  );
}
