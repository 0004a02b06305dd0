// Names of the server's archive files on its simulated disk. Not here: what is in them.
import type { SimDisk } from './disk.ts';

export function archiveFile(monthMs: number): string {
  return `archive-${new Date(monthMs).toISOString().slice(0, 7)}.db`;
}

/** Months whose file is on the disk. */
export function archiveMonths(disk: SimDisk): number[] {
  return [...disk.files.keys()].flatMap((name) => {
    const [, month] = /^archive-(\d{4}-\d{2})\.db$/.exec(name) ?? [];
    return month === undefined ? [] : [Date.parse(`${month}-01T00:00:00Z`)];
  });
}
