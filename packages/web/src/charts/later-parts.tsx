// Parts of a chart that are fetched when somebody asks for them: a first view of curves needs neither.
import { later, NothingYet, type Waiting } from '../shell/later.tsx';
import { FailureNotice } from '../shell/notices.tsx';

function TablePlace({ failure, retry }: Waiting) {
  if (failure !== null) return <FailureNotice code={failure} retry={retry} />;
  return <div class="skeleton" aria-hidden="true" />;
}

export const ChartTable = later(async () => (await import('./chart-table.tsx')).ChartTable, TablePlace);
export const NoteDialog = later(async () => (await import('./note-dialog.tsx')).NoteDialog, NothingYet);
