// What of an address could not be read or shown, each with one sentence that says how to mend it.
import { type AnalysisAddress, mostRuns, mostSeries, seriesKey } from './analysis-address.ts';
import type { AnalysisPlan } from './analysis-plan.ts';
import type { Unread } from './read-address.ts';
import { type AnalysisWords, analysisWords } from './words.ts';

interface AddressNoticeProps {
  readonly unread: readonly Unread[];
  readonly address: AnalysisAddress;
  /** `null` until the catalogue is there. */
  readonly plan: AnalysisPlan | null;
}

function unreadWords({ kind, text }: Unread, a: AnalysisWords): string {
  switch (kind) {
    case 'series':
      return a.unreadSeries(text, mostSeries);
    case 'range':
      return a.unreadRange(text);
    case 'y':
      return a.unreadY(text);
    case 'compare':
      return a.unreadCompare(text);
    case 'align':
      return a.unreadAlign(text, mostRuns);
  }
}

export function AddressNotice({ unread, address, plan }: AddressNoticeProps) {
  const a = analysisWords.value;
  const withoutRun =
    plan === null || address.runs.length === 0
      ? []
      : [...new Map(plan.known.map(({ machine }) => [machine.id, machine])).values()].filter(
          ({ id }) => !address.runs.some(({ machine }) => machine === id),
        );
  const sentences = [
    ...unread.map((one) => unreadWords(one, a)),
    ...(plan?.unseen ?? []).map((machine) => a.unseen(machine)),
    ...(plan?.absent ?? []).map((ref) => a.absent(seriesKey(ref))),
    ...withoutRun.map(({ name }) => a.noRun(name)),
  ];
  if (sentences.length === 0) return null;
  return (
    <div class="notice address-notice" role="status">
      {unread.length > 0 && <p>{a.unreadTitle}</p>}
      <ul>
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </div>
  );
}
