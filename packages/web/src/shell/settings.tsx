// The reader's own settings: language, theme, and signing out.
import { useState } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { failureSentence } from '../session/failure-words.ts';
import { session, signOut } from '../session/session.ts';
import { Preferences } from './preferences.tsx';
import { useTitle } from './use-title.ts';

export function Settings() {
  const w = words.value;
  useTitle(w.navSettings);
  const [failed, setFailed] = useState<unknown>(null);
  const now = session.value;
  return (
    <main id="content" class="page narrow" tabIndex={-1}>
      <h1>{w.navSettings}</h1>
      <section class="panel settings">
        <Preferences />
        {now.kind === 'in' && (
          <div class="settings-account">
            <p class="muted">
              {w.signedInAs(now.me.name)}
              <br />
              {now.me.email}
            </p>
            <button type="button" onClick={() => signOut().catch((cause: unknown) => setFailed(cause))}>
              {w.signOut}
            </button>
          </div>
        )}
        <p class="form-failure" role="alert">
          {failed === null ? null : failureSentence(failed, w, language.value)}
        </p>
      </section>
    </main>
  );
}
