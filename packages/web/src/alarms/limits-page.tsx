// The limits of a machine: of each channel the model's, or its own instead, rehearsed over the past while one types.
// Invariant: what is shown of the past is of what stands in the fields. Not here: what fields mean (limit-fields.ts).
import type { Channel, LimitsView, MachineSchema, ManagedMachine, Rehearsal } from '@vigie/contract';
import { useEffect, useId, useState } from 'preact/hooks';
import { Link, useLocation, useSearch } from 'wouter-preact';
import { type FailureCode, failureCode, get, send } from '../api.ts';
import { formatDayClock, formatNumber } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { failureSentence } from '../session/failure-words.ts';
import { readerZone } from '../session/session.ts';
import { useAct } from '../session/use-act.ts';
import { EmptyNotice, FailureNotice, NotFound } from '../shell/notices.tsx';
import { useTitle } from '../shell/use-title.ts';
import {
  type FieldValues,
  hasOwnLimits,
  LIMIT_FIELDS,
  type LimitField,
  numberOf,
  overrideOf,
  valuesOf,
  withOverride,
} from './limit-fields.ts';
import { limitWords } from './limit-words.ts';
import '../styles/alarms.css';

const rehearsalDays = 30;
/** After the last key. */
const rehearsalWaitMs = 700;

export function LimitsPage({ id }: { readonly id: string }) {
  const w = limitWords.value;
  const path = `/api/machines/${encodeURIComponent(id)}`;
  const [view, setView] = useState<LimitsView | null>(null);
  const [failure, setFailure] = useState<FailureCode | null>(null);
  const load = async (): Promise<void> => {
    try {
      setView(await get<LimitsView>(`${path}/limits`));
      setFailure(null);
    } catch (cause) {
      setFailure(failureCode(cause));
    }
  };
  useEffect(() => {
    void load();
  }, [id]);
  useTitle(w.limitsTitle(id));
  if (failure === 'not-found' || failure === 'forbidden')
    return <NotFound text={words.value.machineNotFound(id)} />;
  return (
    <main id="content" class="page" tabIndex={-1}>
      <div class="machine-head">
        <nav aria-label={w.back}>
          <Link href={`/m/${encodeURIComponent(id)}`}>{w.back}</Link>
        </nav>
        <h1>{w.limitsTitle(id)}</h1>
      </div>
      {failure !== null && <FailureNotice code={failure} retry={() => void load()} />}
      {view === null && failure === null && <div class="panel skeleton alarm-skeleton" aria-hidden="true" />}
      {view !== null && view.model === null && <EmptyNotice title={w.noModel}>{w.noModelText}</EmptyNotice>}
      {view !== null && view.model !== null && <Editor view={view} model={view.model} reload={load} />}
    </main>
  );
}

interface EditorProps {
  readonly view: LimitsView;
  readonly model: MachineSchema;
  readonly reload: () => Promise<void>;
}

function Editor({ view, model, reload }: EditorProps) {
  const w = limitWords.value;
  const id = useId();
  const search = useSearch();
  const [path, navigate] = useLocation();
  const channels = model.channels.filter(({ kind }) => kind === 'number' || kind === 'counter');
  const wanted = new URLSearchParams(search).get('channel');
  const channel =
    channels.find((one) => one.id === wanted) ??
    channels.find(({ limits }) => limits !== null) ??
    channels[0];
  return (
    <>
      {!view.editable && <p class="notice">{w.readOnly}</p>}
      <section class="panel pad limits-form">
        <div class="field">
          <label for={id}>{w.channel}</label>
          <select
            id={id}
            value={channel?.id}
            onChange={({ currentTarget }) =>
              navigate(`${path}?channel=${encodeURIComponent(currentTarget.value)}`, { replace: true })
            }
          >
            {channels.map((one) => (
              <option key={one.id} value={one.id}>
                {one.names[language.value]}
                {hasOwnLimits(view.settings.channels[one.id]) ? ` (${w.ownLimits})` : ''}
              </option>
            ))}
          </select>
        </div>
        {channel !== undefined && (
          <ChannelForm
            key={`${channel.id} ${view.version}`}
            view={view}
            model={model}
            channel={channel}
            reload={reload}
          />
        )}
      </section>
      <MachinePart key={view.version} view={view} model={model} reload={reload} />
    </>
  );
}

async function save(
  view: LimitsView,
  settings: LimitsView['settings'],
  reload: () => Promise<void>,
): Promise<void> {
  const path = `/api/machines/${encodeURIComponent(view.machine)}/settings`;
  try {
    await send<ManagedMachine>('PUT', path, { version: view.version, settings });
  } finally {
    // What somebody else changed meanwhile is shown before the failure is told.
    await reload();
  }
}

type Typed = Readonly<Record<LimitField, string>>;

function typedOf(values: FieldValues): Typed {
  const text = (field: LimitField): string => (values[field] === null ? '' : String(values[field]));
  return Object.fromEntries(LIMIT_FIELDS.map((field) => [field, text(field)])) as Typed;
}

interface ChannelFormProps extends EditorProps {
  readonly channel: Channel;
}

function ChannelForm({ view, model, channel, reload }: ChannelFormProps) {
  const w = limitWords.value;
  const reader = language.value;
  const id = useId();
  const before = view.settings.channels[channel.id];
  const present = withOverride(channel, before);
  const [typed, setTyped] = useState<Typed>(() => typedOf(valuesOf(present)));
  const [states, setStates] = useState<readonly number[]>(present.activeStates ?? []);
  const [isSaved, setSaved] = useState(false);
  const { told, act } = useAct();
  const ofModel = valuesOf(channel);
  const wrong = LIMIT_FIELDS.find((field) => numberOf(typed[field]) === undefined);
  const values = Object.fromEntries(
    LIMIT_FIELDS.map((field) => [field, numberOf(typed[field]) ?? null]),
  ) as Readonly<Record<LimitField, number | null>>;
  const override = overrideOf(channel, before, values, states);
  const stateWords = model.channels.find((one) => one.id === model.stateChannel)?.states ?? [];
  const unitOf = (field: LimitField): string =>
    channel.unit !== '' && !['onDelay', 'offDelay', 'stuck_'].includes(field) ? ` (${channel.unit})` : '';
  const shown = (value: number | null): string =>
    value === null ? w.noLimit : formatNumber(value, null, reader);
  const submit = (): void => {
    if (wrong !== undefined) return;
    const channels = { ...view.settings.channels, [channel.id]: override };
    if (Object.keys(override).length === 0) delete channels[channel.id];
    act(async () => {
      await save(view, { ...view.settings, channels }, reload);
      setSaved(true);
    });
  };
  return (
    <form
      class="limits-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div class="limits-fields">
        {LIMIT_FIELDS.map((field) => (
          <div key={field} class="field">
            <label for={`${id}-${field}`}>
              {w[field]}
              {unitOf(field)}
            </label>
            <input
              id={`${id}-${field}`}
              inputMode="decimal"
              autocomplete="off"
              readOnly={!view.editable}
              value={typed[field]}
              aria-invalid={numberOf(typed[field]) === undefined}
              aria-describedby={`${id}-${field}-hint`}
              onInput={({ currentTarget: { value } }) => {
                setTyped((last) => ({ ...last, [field]: value }));
                setSaved(false);
              }}
            />
            <p class="hint figures" id={`${id}-${field}-hint`}>
              {w.ofModel(shown(ofModel[field]))}
            </p>
          </div>
        ))}
      </div>
      <p class="hint">{w.fieldHint}</p>
      {stateWords.length > 0 && (
        <fieldset class="choice" disabled={!view.editable}>
          <legend>{w.activeIn}</legend>
          <div class="limits-states">
            {stateWords.map(({ value, names }) => (
              <label key={value}>
                <input
                  type="checkbox"
                  checked={states.includes(value)}
                  onChange={({ currentTarget: { checked } }) => {
                    setStates((last) => (checked ? [...last, value] : last.filter((one) => one !== value)));
                    setSaved(false);
                  }}
                />
                {names[reader]}
              </label>
            ))}
          </div>
          {states.length === 0 && <p class="hint">{w.always}</p>}
        </fieldset>
      )}
      {view.editable && (
        <>
          <RehearsalPart view={view} channel={channel} override={wrong === undefined ? override : null} />
          <p class="form-failure" role="alert">
            {wrong === undefined ? (told ?? '') : w.notNumber(w[wrong])}
          </p>
          <div class="limits-acts">
            <button type="submit" class="primary">
              {w.save}
            </button>
            <button
              type="button"
              onClick={() => {
                setTyped(typedOf(ofModel));
                setStates(channel.activeStates ?? []);
                setSaved(false);
              }}
            >
              {w.toModel}
            </button>
          </div>
          <p role="status">{isSaved ? w.saved : ''}</p>
        </>
      )}
    </form>
  );
}

interface RehearsalProps {
  readonly view: LimitsView;
  readonly channel: Channel;
  /** `null`: what is typed cannot be rehearsed. */
  readonly override: ReturnType<typeof overrideOf> | null;
}

function RehearsalPart({ view, channel, override }: RehearsalProps) {
  const w = limitWords.value;
  const reader = language.value;
  const [answer, setAnswer] = useState<Rehearsal | null>(null);
  const [cause, setCause] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const key = override === null ? null : JSON.stringify(override);
  useEffect(() => {
    if (key === null) return;
    let isOld = false;
    setBusy(true);
    const timer = setTimeout(() => {
      const path = `/api/machines/${encodeURIComponent(view.machine)}/rehearsal`;
      send<Rehearsal>('POST', path, { channel: channel.id, override: JSON.parse(key), days: rehearsalDays })
        .then(
          (fresh) => {
            if (isOld) return;
            setAnswer(fresh);
            setCause(null);
          },
          (failed: unknown) => {
            if (!isOld) setCause(failed);
          },
        )
        .finally(() => {
          if (!isOld) setBusy(false);
        });
    }, rehearsalWaitMs);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [key, channel.id]);
  const zone = readerZone.value;
  return (
    <section class="rehearsal" aria-label={w.rehearsal} aria-busy={isBusy}>
      <h2>{w.rehearsal}</h2>
      {cause !== null && <p>{failureSentence(cause, words.value, reader)}</p>}
      {answer === null && cause === null && <p class="muted">{w.rehearsing}</p>}
      {answer !== null && cause === null && (
        <>
          <p role="status">
            <strong>{w.wouldRing(answer.count)}</strong>{' '}
            <span class="muted">{w.ringsNow(answer.countNow)}</span>
          </p>
          <ul class="muted figures">
            {answer.rung.slice(0, 5).map(({ kind, happenedMs, peak }) => (
              <li key={`${kind} ${happenedMs}`}>
                {formatDayClock(happenedMs, zone, reader)}
                {peak === null ? '' : ` · ${formatNumber(peak, channel.decimals, reader)} ${channel.unit}`}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function MachinePart({ view, model, reload }: EditorProps) {
  const w = limitWords.value;
  const id = useId();
  const { silentMs } = view.settings;
  const [text, setText] = useState(silentMs === undefined ? '' : String(silentMs / 60_000));
  const [isSaved, setSaved] = useState(false);
  const { told, act } = useAct();
  const minutes = numberOf(text);
  const isWrong = minutes === undefined || (minutes !== null && minutes < 1);
  return (
    <section class="panel pad limits-form" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{w.machinePart}</h2>
      <form
        class="limits-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isWrong) return;
          act(async () => {
            const { silentMs: _, ...rest } = view.settings;
            const own = minutes === null ? {} : { silentMs: Math.round(minutes * 60_000) };
            await save(view, { ...rest, ...own }, reload);
            setSaved(true);
          });
        }}
      >
        <div class="field">
          <label for={id}>{w.silentAfter}</label>
          <input
            id={id}
            inputMode="decimal"
            autocomplete="off"
            readOnly={!view.editable}
            value={text}
            aria-invalid={isWrong}
            aria-describedby={`${id}-hint`}
            onInput={({ currentTarget: { value } }) => {
              setText(value);
              setSaved(false);
            }}
          />
          <p class="hint" id={`${id}-hint`}>
            {w.silentHint}
            {model.silentMs === undefined ? '' : ` (${w.ofModel(String(model.silentMs / 60_000))})`}
          </p>
        </div>
        {view.editable && (
          <>
            <p class="form-failure" role="alert">
              {isWrong ? w.notNumber(w.silentAfter) : (told ?? '')}
            </p>
            <div class="limits-acts">
              <button type="submit">{w.save}</button>
            </div>
            <p role="status">{isSaved ? w.saved : ''}</p>
          </>
        )}
      </form>
    </section>
  );
}
