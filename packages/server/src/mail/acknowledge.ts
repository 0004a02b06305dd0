// Acknowledging by the link of a mail. Looking changes nothing, since programs that check mails open every link; only the
// press of the button does. Invariants: only the SHA-256 of a token is kept; it serves for the alarms of its mail and for
// nothing else, until it expires, and opens no session; what its account may do is asked anew each time.
import { sha256 } from '../accounts/account.ts';
import type { NotificationWishes } from '../accounts/notifications.ts';
import { may } from '../accounts/rights.ts';
import type { Sql } from '../store/database.ts';

export interface KnownLink {
  /** Of its account. */
  readonly name: string;
  /** That its account may acknowledge now. */
  readonly alarms: readonly { readonly machine: string; readonly alarm: number }[];
}

/** @returns `null`: no such link, or no more, or nothing is left that its account may acknowledge. */
export async function acknowledgeLinkOf(
  hot: Sql,
  wishes: NotificationWishes,
  token: string,
  nowMs: number,
): Promise<KnownLink | null> {
  const link = await hot.get<{ account: string; alarms: string }>(
    'SELECT account, alarms FROM acknowledge_link WHERE sha256 = $1 AND expires_ms > $2',
    ...[sha256(token), nowMs],
  );
  if (link === undefined) return null;
  const reader = await wishes.reader(link.account);
  if (reader === null) return null;
  const alarms = (JSON.parse(link.alarms) as readonly string[]).flatMap((id) => {
    const slash = id.lastIndexOf('/');
    const machine = id.slice(0, slash);
    const isTheirs = may(reader.actor, 'acknowledge-alarm', machine);
    return isTheirs ? [{ machine, alarm: Number(id.slice(slash + 1)) }] : [];
  });
  return alarms.length === 0 ? null : { name: reader.name, alarms };
}
