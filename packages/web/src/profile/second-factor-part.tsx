// The second factor: turned on with an authenticator that has proven it works, with recovery codes shown once; turned off with
// password and code. The secret is drawn here and sent nowhere.
import type { RecoveryCodes, SecondFactorSecret } from '@vigie/contract';
import { useState } from 'preact/hooks';
import { encode } from 'uqr';
import { send } from '../api.ts';
import { Field, PasswordField, textOf } from '../session/fields.tsx';
import { readMe } from '../session/session.ts';
import { useForm } from '../session/use-form.ts';
import { profileWords } from './words.ts';

type Step =
  | { readonly kind: 'rest' }
  | { readonly kind: 'password' }
  | { readonly kind: 'scan'; readonly secret: SecondFactorSecret }
  | { readonly kind: 'codes'; readonly codes: readonly string[] }
  | { readonly kind: 'end' };

/** Dark on light whatever the theme: cameras expect it. */
function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { data, size } = encode(text, { border: 3 });
  const path = data
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')))
    .join('');
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} width="220" height="220" role="img" aria-label={label}>
      <path d={path} />
    </svg>
  );
}

export function SecondFactorPart({ isOn }: { readonly isOn: boolean }) {
  const w = profileWords.value;
  const [step, setStep] = useState<Step>({ kind: 'rest' });
  const { busy, failure, onSubmit } = useForm(async (data) => {
    const [password, code] = [textOf(data, 'password'), textOf(data, 'code').trim()];
    switch (step.kind) {
      case 'password': {
        const secret = await send<SecondFactorSecret>('POST', '/api/me/second-factor', { password });
        if (secret !== null) setStep({ kind: 'scan', secret });
        return;
      }
      case 'scan': {
        const made = await send<RecoveryCodes>('PUT', '/api/me/second-factor', { code });
        if (made !== null) setStep({ kind: 'codes', codes: made.codes });
        return;
      }
      case 'end':
        await send<null>('DELETE', '/api/me/second-factor', { password, code });
        setStep({ kind: 'rest' });
        await readMe();
        return;
      case 'rest':
      case 'codes':
        return;
    }
  });
  const password = (label: string) => <PasswordField label={label} autocomplete="current-password" />;
  const code = <Field name="code" label={w.factorCode} autocomplete="one-time-code" maxLength={64} />;
  return (
    <section class="panel settings">
      <h2>{w.secondFactor}</h2>
      <p>{isOn ? w.factorOn : w.factorOff}</p>
      {step.kind === 'rest' && (
        <button type="button" class="start" onClick={() => setStep({ kind: isOn ? 'end' : 'password' })}>
          {isOn ? w.factorEnd : w.factorBegin}
        </button>
      )}
      {step.kind === 'codes' ? (
        <>
          <h3>{w.factorCodes}</h3>
          <p class="hint">{w.factorCodesHint}</p>
          <ul class="recovery-codes figures">
            {step.codes.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
          <button
            type="button"
            class="start"
            onClick={() => {
              setStep({ kind: 'rest' });
              void readMe();
            }}
          >
            {w.factorDone}
          </button>
        </>
      ) : (
        step.kind !== 'rest' && (
          <form key={step.kind} class="sheet-form" onSubmit={onSubmit}>
            {step.kind === 'password' && password(w.factorConfirmPassword)}
            {step.kind === 'scan' && (
              <>
                <p>{w.factorScan}</p>
                <QrCode text={step.secret.uri} label={w.factorQr} />
                <p class="wraps">
                  {w.factorSecret} <code>{step.secret.secret}</code>
                </p>
                {code}
              </>
            )}
            {step.kind === 'end' && (
              <>
                <p class="hint">{w.factorEndHint}</p>
                {password(w.current)}
                {code}
              </>
            )}
            <p class="form-failure" role="alert">
              {failure}
            </p>
            <button type="submit" aria-disabled={busy}>
              {step.kind === 'end' ? w.factorEnd : w.factorConfirm}
            </button>
          </form>
        )
      )}
    </section>
  );
}
