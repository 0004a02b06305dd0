// Where a link leads that somebody was given: choosing a password. The token stands behind the #, which no browser sends; it
// is taken out of the address at once, so that neither history nor a picture of the screen keeps it.
import type { Welcome } from '@vigie/contract';
import { useEffect, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import { send } from '../api.ts';
import { speak, words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { failureSentence } from '../session/failure-words.ts';
import { PasswordField, textOf } from '../session/fields.tsx';
import { Gate } from '../session/gate.tsx';
import { choosePassword } from '../session/session.ts';
import { useForm } from '../session/use-form.ts';
import { Preferences } from '../shell/preferences.tsx';
import { manageWords } from './words.ts';

function takeToken(): string {
  const token = location.hash.slice(1);
  history.replaceState(history.state, '', location.pathname);
  return token;
}

export function WelcomePage() {
  const w = manageWords.value;
  const [token] = useState(takeToken);
  const [welcome, setWelcome] = useState<Welcome | null>(null);
  const [cause, setCause] = useState<unknown>(null);
  const [, navigate] = useLocation();
  useEffect(() => {
    send<Welcome>('POST', '/api/welcome/look', { token: token === '' ? '-' : token }).then((found) => {
      if (found !== null) void speak(found.language);
      setWelcome(found);
    }, setCause);
  }, []);
  const { busy, failure, onSubmit } = useForm(async (data) => {
    const isIn = await choosePassword(token, textOf(data, 'password'));
    navigate(isIn ? '/' : '/sign-in', { replace: true });
  });
  if (cause !== null) {
    return (
      <Gate title={w.welcomeVoid} below={<Preferences />}>
        <p role="alert">{failureSentence(cause, words.value, language.value)}</p>
        <Link class="button" href="/sign-in">
          {words.value.signInTitle}
        </Link>
      </Gate>
    );
  }
  if (welcome === null) {
    return (
      <Gate title={words.value.loading} below={<Preferences />}>
        <p class="muted">{words.value.loading}</p>
      </Gate>
    );
  }
  const { kind, name, email } = welcome;
  return (
    <Gate title={kind === 'invitation' ? w.welcomeTitle(name) : w.welcomeReset(name)} below={<Preferences />}>
      <p class="muted">{w.welcomeText(email)}</p>
      <form onSubmit={onSubmit}>
        <input type="hidden" name="username" autocomplete="username" value={email} />
        <PasswordField
          label={w.newPassword}
          hint={w.passwordHint}
          autocomplete="new-password"
          minLength={10}
        />
        <p class="form-failure" role="alert">
          {failure}
        </p>
        <button type="submit" class="primary" aria-disabled={busy}>
          {busy ? w.welcomeBusy : w.welcomeAction}
        </button>
      </form>
    </Gate>
  );
}
