// Language and theme, as two groups of choices. Used on the settings page and below the sign-in form; `Choice` also elsewhere.
import { useId } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import { language, type Theme, theme } from '../prefs.ts';
import { chooseLanguage } from '../session/session.ts';

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly word: string; readonly lang?: string }[];
  readonly choose: (value: Value) => void;
}

export function Choice<Value extends string>({ label, value, options, choose }: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="choice-options">
        {options.map((option) => (
          <label key={option.value} lang={option.lang}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => choose(option.value)}
            />
            <span>{option.word}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function Preferences({ themeOnly = false }: { readonly themeOnly?: boolean }) {
  const w = words.value;
  return (
    <div class="preferences">
      {!themeOnly && (
        <Choice
          label={w.language}
          value={language.value}
          options={[
            { value: 'fr', word: 'Français', lang: 'fr' },
            { value: 'en', word: 'English', lang: 'en' },
          ]}
          choose={chooseLanguage}
        />
      )}
      <Choice<Theme>
        label={w.theme}
        value={theme.value}
        options={[
          { value: 'auto', word: w.themeAuto },
          { value: 'light', word: w.themeLight },
          { value: 'dark', word: w.themeDark },
        ]}
        choose={(chosen) => {
          theme.value = chosen;
        }}
      />
    </div>
  );
}
