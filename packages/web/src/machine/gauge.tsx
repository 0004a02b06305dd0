// One gauge: dial, value, state in words, the last 24 hours, trend and age.
// Colour appears only when a limit is crossed; a stale gauge is hatched and has no state word.
import type { ChartAnswer } from '@vigie/contract';
import { formatAge, formatNumber, formatSigned, formatSpan, withUnit } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import {
  arcPath,
  dialHeight,
  dialWidth,
  fractionOf,
  needlePath,
  type Scale,
  scaleOf,
  tickPath,
} from './dial.ts';
import { StateIcon, toneOf } from './state-icon.tsx';
import { formatValue, readingWord } from './state-words.ts';
import { sparkPaths, trendPerHour } from './trend.ts';
import type { Freshness, Reading } from './verdict.ts';

const radius = 66;
const sparkWidth = 120;
const sparkHeight = 28;

interface DialProps {
  readonly reading: Reading;
  readonly scale: Scale;
  readonly value: number | null;
}

function Dial({ reading, scale, value }: DialProps) {
  const { channel, level } = reading;
  const limits = channel.limits;
  const at = (limit: number): number => fractionOf(limit, scale);
  const low = limits?.alarmLow ?? null;
  const high = limits?.alarmHigh ?? null;
  const warnings = [limits?.warningLow ?? null, limits?.warningHigh ?? null].filter(
    (limit) => limit !== null,
  );
  return (
    <svg class="dial" viewBox={`0 0 ${dialWidth} ${dialHeight}`} aria-hidden="true">
      <path d={arcPath(0, 1, radius)} class="dial-track" />
      {channel.band !== null && (
        <path d={arcPath(at(channel.band.low), at(channel.band.high), radius)} class="dial-band" />
      )}
      {low !== null && at(low) > 0 && (
        <path
          d={arcPath(0, at(low), radius + 8)}
          class={level === 'alarm-low' ? 'dial-zone entered' : 'dial-zone'}
        />
      )}
      {high !== null && at(high) < 1 && (
        <path
          d={arcPath(at(high), 1, radius + 8)}
          class={level === 'alarm-high' ? 'dial-zone entered' : 'dial-zone'}
        />
      )}
      {warnings.map((limit) => (
        <path key={limit} d={tickPath(at(limit), radius - 6, radius + 6)} class="dial-warning" />
      ))}
      {[low, high]
        .filter((limit) => limit !== null)
        .map((limit) => (
          <path key={limit} d={tickPath(at(limit), radius - 6, radius + 10)} class="dial-alarm" />
        ))}
      {reading.setpoint !== null && (
        <path d={needlePath(at(reading.setpoint), radius + 12, radius + 4, 5)} class="dial-setpoint" />
      )}
      {value !== null && <path d={needlePath(at(value), radius - 14, radius + 4, 4.5)} class="dial-needle" />}
    </svg>
  );
}

/** What the dial shows, for those who do not see it. */
function dialWords(reading: Reading): string {
  const w = words.value;
  const { channel } = reading;
  const say = (value: number): string =>
    withUnit(formatNumber(value, channel.decimals, language.value), channel.unit);
  const facts: string[] = [];
  if (channel.band !== null) facts.push(w.gaugeBand(say(channel.band.low), say(channel.band.high)));
  const limits = channel.limits;
  if (limits !== null) {
    const parts: string[] = [];
    if (limits.alarmLow !== null) parts.push(w.limitAlarmLow(say(limits.alarmLow)));
    if (limits.warningLow !== null) parts.push(w.limitWarningLow(say(limits.warningLow)));
    if (limits.warningHigh !== null) parts.push(w.limitWarningHigh(say(limits.warningHigh)));
    if (limits.alarmHigh !== null) parts.push(w.limitAlarmHigh(say(limits.alarmHigh)));
    if (parts.length > 0) facts.push(w.gaugeLimits(parts.join(', ')));
  }
  if (reading.setpoint !== null) facts.push(w.gaugeSetpoint(say(reading.setpoint)));
  return facts.join(' ; ');
}

interface SparkProps {
  readonly reading: Reading;
  readonly day: ChartAnswer | null;
  readonly nowMs: number;
  readonly ageMs: number;
  readonly cutMs: number;
  readonly fresh: Freshness;
}

function Spark({ reading, day, nowMs, ageMs, cutMs, fresh }: SparkProps) {
  const series = day?.series.find((one) => one.channel === reading.channel.id);
  const paths =
    day === null || series === undefined ? null : sparkPaths(series, day, cutMs, sparkWidth, sparkHeight);
  const trend = day === null || series === undefined ? null : trendPerHour(series, day, nowMs);
  const decimals = reading.channel.decimals ?? 1;
  return (
    <>
      <svg
        class="gauge-day"
        viewBox={`0 0 ${sparkWidth} ${sparkHeight}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {paths !== null && (
          <>
            <path d={paths.shade} class="spark-shade" />
            <path d={paths.line} class="spark-line" />
          </>
        )}
      </svg>
      <p class="gauge-foot figures">
        <span>
          <span class="unseen">{words.value.gaugeTrendLabel} </span>
          {trend === null || fresh === 'stale'
            ? words.value.noValue
            : words.value.gaugeTrend(
                withUnit(formatSigned(trend, decimals, language.value), reading.channel.unit),
              )}
        </span>
        {fresh !== 'stale' && <span class="gauge-age">{formatSpan(ageMs, language.value)}</span>}
      </p>
    </>
  );
}

interface GaugeProps {
  readonly reading: Reading;
  readonly fresh: Freshness;
  readonly ageMs: number;
  readonly nowMs: number;
  readonly cutMs: number;
  readonly day: ChartAnswer | null;
}

export function Gauge({ reading, fresh, ageMs, nowMs, cutMs, day }: GaugeProps) {
  const w = words.value;
  const { channel } = reading;
  const value = typeof reading.value === 'number' ? reading.value : null;
  const scale = scaleOf(channel, value);
  const tone = fresh === 'stale' ? 'unknown' : toneOf(reading.level, reading.stopped);
  const text = formatValue(channel, reading.value, language.value, w);
  const size = text.length > 5 ? 'long' : '';
  return (
    <li class={`gauge tone-${tone} ${fresh}`}>
      <h3>{channel.names[language.value]}</h3>
      <div class="gauge-face">
        {scale === null ? (
          <div class="dial-none">{w.gaugeNoScale}</div>
        ) : (
          <Dial reading={reading} scale={scale} value={value} />
        )}
        <p class={`gauge-value ${size}`}>
          {text}
          <span class="gauge-unit">{channel.unit === '' ? '\u00a0' : channel.unit}</span>
        </p>
      </div>
      <p class="unseen">{dialWords(reading)}</p>
      <p class="gauge-state">
        <StateIcon tone={fresh === 'fresh' ? tone : fresh === 'late' && tone !== 'alarm' ? 'late' : tone} />
        <span>{fresh === 'stale' ? formatAge(ageMs, language.value) : readingWord(reading, fresh, w)}</span>
      </p>
      <Spark reading={reading} day={day} nowMs={nowMs} ageMs={ageMs} cutMs={cutMs} fresh={fresh} />
    </li>
  );
}

export function GaugeSkeleton() {
  return (
    <li class="gauge loading" aria-hidden="true">
      <div class="skeleton" />
    </li>
  );
}
