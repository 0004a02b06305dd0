// One's own account: language, zone and theme, password, second factor, sessions, notifications, signing out.
import { useId, useState } from 'preact/hooks';
import { send } from '../api.ts';
import { words } from '../i18n/words.ts';
import { singleKeys } from '../prefs.ts';
import { PasswordField, textOf } from '../session/fields.tsx';
import { changeMe, session, signOut } from '../session/session.ts';
import { useAct } from '../session/use-act.ts';
import { useForm } from '../session/use-form.ts';
import { overlay } from '../shell/overlay.ts';
import { Preferences } from '../shell/preferences.tsx';
import { useTitle } from '../shell/use-title.ts';
import { NotificationsPart } from './notifications-part.tsx';
import { SecondFactorPart } from './second-factor-part.tsx';
import { SessionsPart } from './sessions-part.tsx';
import { profileWords } from './words.ts';
import '../styles/manage.css';

const deviceZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function ZoneChoice({ chosen }: { readonly chosen: string | null }) {
  const w = profileWords.value;
  const id = useId();
  const { told, act } = useAct();
  return (
    <div class="field">
      <label for={id}>{w.timeZone}</label>
      <select
        id={id}
        value={chosen ?? ''}
        aria-describedby={`${id}-hint`}
        onChange={(event) => {
          const zone = event.currentTarget.value;
          act(() => changeMe({ timeZone: zone === '' ? null : zone }));
        }}
      >
        <option value="">{w.browserZone(deviceZone)}</option>
        {['UTC', ...Intl.supportedValuesOf('timeZone')].map((zone) => (
          <option key={zone} value={zone}>
            {zone}
          </option>
        ))}
      </select>
      <p class="hint" id={`${id}-hint`}>
        {w.timeZoneHint}
      </p>
      <p class="form-failure" role="alert">
        {told}
      </p>
    </div>
  );
}

function KeysChoice() {
  const w = profileWords.value;
  const id = useId();
  return (
    <div class="field">
      <label class="check">
        <input
          type="checkbox"
          checked={singleKeys.value}
          aria-describedby={`${id}-hint`}
          onChange={(event) => {
            singleKeys.value = event.currentTarget.checked;
          }}
        />
        {w.keys}
      </label>
      <p class="hint" id={`${id}-hint`}>
        {w.keysHint}
      </p>
      <button
        type="button"
        class="start"
        onClick={() => {
          overlay.value = 'keys';
        }}
      >
        {w.keysAll}
      </button>
    </div>
  );
}

function PasswordPart() {
  const w = profileWords.value;
  const [round, setRound] = useState(0);
  const { busy, failure, onSubmit } = useForm(async (data) => {
    const [current, password] = [textOf(data, 'current'), textOf(data, 'password')];
    await send<null>('PUT', '/api/me/password', { current, password });
    setRound(round + 1);
  });
  return (
    <section class="panel settings">
      <h2>{w.password}</h2>
      <form key={round} class="sheet-form" onSubmit={onSubmit}>
        <PasswordField name="current" label={w.current} autocomplete="current-password" />
        <PasswordField label={w.next} hint={w.passwordHint} autocomplete="new-password" minLength={10} />
        <p class="form-failure" role="alert">
          {failure}
        </p>
        <button type="submit" aria-disabled={busy}>
          {w.changePassword}
        </button>
      </form>
      <p class="hint" role="status">
        {round > 0 && failure === null ? w.passwordChanged : ''}
      </p>
    </section>
  );
}

export function ProfilePage() {
  const w = profileWords.value;
  useTitle(w.title);
  const { told, act } = useAct();
  const now = session.value;
  if (now.kind !== 'in') return null;
  const { me } = now;
  return (
    <main id="content" class="page narrow" tabIndex={-1}>
      <h1>{w.title}</h1>
      <section class="panel settings">
        <div class="settings-account first">
          <p>
            <strong>{me.name}</strong>
            <br />
            <span class="muted wraps">
              {me.email}
              {me.userName !== null && ` · ${me.userName}`}
            </span>
          </p>
          <button type="button" onClick={() => act(signOut)}>
            {words.value.signOut}
          </button>
        </div>
        <p class="form-failure" role="alert">
          {told}
        </p>
        <Preferences />
        <ZoneChoice chosen={me.timeZone} />
        <KeysChoice />
      </section>
      <PasswordPart />
      <SecondFactorPart isOn={me.secondFactor} />
      <SessionsPart />
      <NotificationsPart zone={me.timeZone ?? deviceZone} />
    </main>
  );
}
