// Mail and webhook of a server put together: planner, outbox, couriers. What the rest of the server asks of it is `PostOffice`.
// Invariant: events of alarms are taken also where nothing is sent, so that setting mail up later does not tell of the past.
// Not here: flags (settings.ts).
import type { MailStatus } from '@vigie/contract';
import type { Clock, Randomness } from '@vigie/protocol';
import { newAccountId, sha256 } from '../accounts/account.ts';
import type { NotificationWishes } from '../accounts/notifications.ts';
import type { Database } from '../store/database.ts';
import type { Store } from '../store/store.ts';
import { acknowledgeLinkOf, type KnownLink } from './acknowledge.ts';
import { Courier } from './courier.ts';
import type { Letter } from './letter.ts';
import { type Channel, channelState, Outbox } from './outbox.ts';
import { Planner } from './planner.ts';
import { postRoom } from './post-room.ts';
import type { MailSettings } from './settings.ts';
import { smtpSender } from './smtp.ts';
import { webhookCarrier } from './webhook.ts';

const TEST_MS = 3_600_000;

export interface PostOfficeOptions extends MailSettings {
  readonly db: Database;
  readonly store: Store;
  readonly wishes: NotificationWishes;
  readonly clock: Clock;
  readonly randomness: Pick<Randomness, 'uniform'>;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

/** Sends the link by which somebody chooses a password. `false`: it is not sent, and whoever made it passes it on. */
export type MailLink = (link: {
  readonly kind: 'invitation' | 'reset';
  readonly account: string;
  /** Goes behind the # of the page /welcome. */
  readonly token: string;
  readonly expiresMs: number;
}) => Promise<boolean>;

export class PostOffice {
  readonly #options: PostOfficeOptions;
  readonly #outbox: Outbox;
  readonly #couriers: readonly Courier[];
  readonly #planner: Planner;

  constructor(options: PostOfficeOptions) {
    this.#options = options;
    const { db, store, wishes, clock, randomness, log, mail, webhook } = options;
    this.#outbox = new Outbox(db, newAccountId());
    const utcMs = (): number => clock.utcMs();
    const common = { outbox: this.#outbox, clock, randomness, log };
    const couriers: Courier[] = [];
    if (mail !== null) {
      const { smtp, publicUrl } = mail;
      const carrier = postRoom({ store, wishes, publicUrl, utcMs, log, send: smtpSender(smtp) });
      couriers.push(new Courier({ ...common, channel: 'mail', carrier }));
    }
    if (webhook !== null) {
      couriers.push(new Courier({ ...common, channel: 'webhook', carrier: webhookCarrier(webhook, utcMs) }));
    }
    this.#couriers = couriers;
    this.#planner = new Planner({
      ...{ db, wishes, clock, log, mails: mail !== null, callsWebhook: webhook !== null },
      put: () => this.#look(),
    });
  }

  get mails(): boolean {
    return this.#options.mail !== null;
  }

  start(): void {
    this.#planner.look();
    this.#look();
  }

  /** Alarms may have changed. */
  alarmed(): void {
    this.#planner.look();
  }

  /** Resolves when what is in hand is handed over. */
  async close(): Promise<void> {
    await this.#planner.close();
    for (const courier of this.#couriers) await courier.close();
  }

  /** A link that was mailed before, and waits, goes with it: it is void. */
  readonly mailLink: MailLink = async ({ kind, account, token, expiresMs }) => {
    if (!this.mails || (await channelState(this.#options.db, 'mail')).downSinceMs !== null) return false;
    const prefix = `link ${account} `;
    await this.#outbox.drop(prefix, 'a newer link was made', this.#nowMs());
    await this.#put(`${prefix}${sha256(token)}`, account, { kind, token, expiresMs }, expiresMs);
    return true;
  };

  /** `false`: no mail is set up. */
  async sendTest(account: string): Promise<boolean> {
    if (!this.mails) return false;
    const nowMs = this.#nowMs();
    await this.#put(`test ${account} ${nowMs}`, account, { kind: 'test' }, nowMs + TEST_MS);
    return true;
  }

  async status(channel: Channel = 'mail'): Promise<MailStatus> {
    const { waiting, oldestMs, workedMs, downSinceMs, why } = await channelState(this.#options.db, channel);
    return { mails: this.mails, waiting, oldestMs, workedMs, downSinceMs, why };
  }

  acknowledgeLink(token: string): Promise<KnownLink | null> {
    const { db, wishes } = this.#options;
    return acknowledgeLinkOf(db, wishes, token, this.#nowMs());
  }

  async #put(id: string, account: string, content: Letter, expiresMs: number): Promise<void> {
    const nowMs = this.#nowMs();
    await this.#outbox.put([{ id, channel: 'mail', account, content, dueMs: nowMs, expiresMs }], nowMs);
    this.#look();
  }

  #look(): void {
    for (const courier of this.#couriers) courier.look();
  }

  #nowMs(): number {
    return this.#options.clock.utcMs();
  }
}
