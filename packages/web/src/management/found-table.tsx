// A table of what a search leaves of all that there is, and what is said instead while that is nothing; the chips of its cells.
// Not here: the search field (frame.tsx), what a row is.
import type { ComponentChildren } from 'preact';
import { EmptyNotice } from '../shell/notices.tsx';
import { failure } from './data.ts';
import { Skeleton } from './frame.tsx';
import { manageWords } from './words.ts';

const MOST_CHIPS = 3;

interface FoundTableProps {
  /** How many there are; `null`: not known yet. */
  readonly all: number | null;
  readonly columns: readonly string[];
  readonly rows: readonly ComponentChildren[];
  /** Said where there are none at all. */
  readonly noneTitle: string;
  readonly noneHint: string;
}

export function FoundTable({ all, columns, rows, noneTitle, noneHint }: FoundTableProps) {
  if (all === null) return failure.value === null ? <Skeleton /> : null;
  if (all === 0) return <EmptyNotice title={noneTitle}>{noneHint}</EmptyNotice>;
  if (rows.length === 0) return <p class="muted">{manageWords.value.noMatch}</p>;
  return (
    <div class="panel flush">
      <table class="listing">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{rows}</tbody>
      </table>
    </div>
  );
}

interface ChipsProps {
  readonly linked: readonly { readonly id: string; readonly name: string }[];
  /** Said where nothing is linked. */
  readonly nothing: string;
}

export function Chips({ linked, nothing }: ChipsProps) {
  const more = linked.length - MOST_CHIPS;
  return (
    <span class="chips">
      {linked.slice(0, MOST_CHIPS).map(({ id, name }) => (
        <span key={id} class="chip">
          {name}
        </span>
      ))}
      {more > 0 && <span class="chip">{manageWords.value.more(more)}</span>}
      {linked.length === 0 && <span class="muted">{nothing}</span>}
    </span>
  );
}
