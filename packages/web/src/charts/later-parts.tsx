// Parts of a chart that are fetched when somebody asks for them: a first view of curves needs none of them.
import { words } from '../i18n/words.ts';
import { later, NothingYet, type Waiting } from '../shell/later.tsx';
import { FailureNotice } from '../shell/notices.tsx';

function TablePlace({ failure, retry }: Waiting) {
  if (failure !== null) return <FailureNotice code={failure} retry={retry} />;
  return <div class="skeleton" aria-hidden="true" />;
}

function ListPlace({ failure, retry }: Waiting) {
  return (
    <ul>
      <li>
        {failure === null ? (
          <p class="muted" role="status">
            {words.value.loading}
          </p>
        ) : (
          <FailureNotice code={failure} retry={retry} />
        )}
      </li>
    </ul>
  );
}

export const ExportList = later(async () => (await import('./export-list.tsx')).ExportList, ListPlace);
export const ChartTable = later(async () => (await import('./chart-table.tsx')).ChartTable, TablePlace);
export const NoteDialog = later(async () => (await import('./note-dialog.tsx')).NoteDialog, NothingYet);
