// Every channel of the machine with its value, unit, state and age. Filtered by name as one types.
import { useState } from 'preact/hooks';
import { formatSpan, withUnit } from '../i18n/format.ts';
import { plain } from '../i18n/plain.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { StateIcon, toneOf } from './state-icon.tsx';
import { formatValue, readingWord } from './state-words.ts';
import type { Freshness, Reading } from './verdict.ts';

interface ChannelTableProps {
  readonly readings: readonly Reading[];
  readonly fresh: Freshness;
  readonly ageMs: number;
}

export function ChannelTable({ readings, fresh, ageMs }: ChannelTableProps) {
  const w = words.value;
  const [wanted, setWanted] = useState('');
  const needle = plain(wanted.trim());
  const shown = readings.filter(({ channel }) =>
    plain(`${channel.names[language.value]} ${channel.id}`).includes(needle),
  );
  const age = formatSpan(ageMs, language.value);
  return (
    <section class="panel flush" aria-labelledby="channels-title">
      <div class="panel-head">
        <h2 id="channels-title">{w.channelsTitle}</h2>
        <input
          type="search"
          aria-label={w.channelFilter}
          placeholder={w.channelFilter}
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      </div>
      <table class="channels">
        <thead>
          <tr>
            <th scope="col">{w.columnChannel}</th>
            <th scope="col" class="number">
              {w.columnValue}
            </th>
            <th scope="col">{w.columnState}</th>
            <th scope="col" class="number age">
              {w.columnAge}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((reading) => {
            const { channel, level } = reading;
            const tone = fresh === 'stale' ? 'unknown' : toneOf(level, reading.stopped);
            const plainState = tone === 'normal';
            return (
              <tr key={channel.id} class={`tone-${tone} ${fresh}`}>
                <th scope="row">{channel.names[language.value]}</th>
                <td class="number figures">
                  {withUnit(formatValue(channel, reading.value, language.value, w), channel.unit)}
                </td>
                <td>
                  <span class="state">
                    {!plainState && <StateIcon tone={fresh === 'late' && tone !== 'alarm' ? 'late' : tone} />}
                    {level === 'no-limits' && fresh !== 'stale' ? '' : readingWord(reading, fresh, w)}
                  </span>
                </td>
                <td class="number figures muted age">{age}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {shown.length === 0 && <p class="muted pad">{w.channelNoMatch}</p>}
    </section>
  );
}
