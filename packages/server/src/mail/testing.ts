// For tests of mail: a real SMTP server on a port of its own, which keeps what it took, parsed, and can be told to fail, be
// gone and come back; and a clock that stands still. Not here: anything of the product.
import type { AddressInfo } from 'node:net';
import type { Clock } from '@vigie/protocol';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import type { SmtpSettings } from './smtp.ts';

/** Moves by hand; what is due then is called. */
export class HandClock implements Clock {
  #nowMs = Date.UTC(2026, 10, 24);
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();
  monotonicMs = (): number => this.#nowMs;
  utcMs = (): number => this.#nowMs;
  after(delayMs: number, callback: () => void) {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }
  pass(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#timers]) {
      if (timer.atMs > this.#nowMs) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

/** Waits until it is so; the deadline is for a broken test only. */
export async function until(what: string, ready: () => Promise<boolean> | boolean): Promise<void> {
  const endMs = Date.now() + 30_000;
  while (!(await ready())) {
    if (Date.now() > endMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface Received {
  /** When it was taken, Unix ms. */
  readonly atMs: number;
  readonly to: string;
  readonly messageId: string;
  readonly inReplyTo: string | null;
  readonly subject: string;
  readonly from: string;
  readonly text: string;
  readonly html: string;
  readonly headers: ReadonlyMap<string, unknown>;
  readonly pictures: readonly { readonly cid: string; readonly bytes: Buffer }[];
}

/** What it says to RCPT TO; `null`: it takes it. */
type Objection = (address: string) => { readonly code: number; readonly text: string } | null;

export class TestMailServer {
  readonly received: Received[] = [];
  objection: Objection = () => null;
  /** Called when a message is taken, before that is said to who sent it. */
  beforeReply: () => void | Promise<void> = () => undefined;
  #server: SMTPServer | null = null;
  #port = 0;
  readonly #wanted: { readonly user: string; readonly password: string } | null;

  constructor(login: { readonly user: string; readonly password: string } | null = null) {
    this.#wanted = login;
  }

  get port(): number {
    return this.#port;
  }

  settings(more: Partial<SmtpSettings> = {}): SmtpSettings {
    return {
      ...{ host: '127.0.0.1', port: this.#port, tls: 'none', user: null, password: null },
      from: 'Vigie <vigie@example.org>',
      ...more,
    };
  }

  /** On the same port each time. */
  async start(): Promise<void> {
    const wanted = this.#wanted;
    const server = new SMTPServer({
      authOptional: wanted === null,
      allowInsecureAuth: true,
      hidePIPELINING: true,
      ...(wanted === null ? { disabledCommands: ['AUTH', 'STARTTLS'] } : { disabledCommands: ['STARTTLS'] }),
      onAuth: ({ username, password }, _session, done) => {
        if (username === wanted?.user && password === wanted?.password) done(null, { user: username });
        else done(Object.assign(new Error('5.7.8 wrong'), { responseCode: 535 }));
      },
      onRcptTo: ({ address }, _session, done) => {
        const no = this.objection(address);
        done(no === null ? null : Object.assign(new Error(no.text), { responseCode: no.code }));
      },
      onData: (stream, session, done) => {
        const take = async (): Promise<void> => {
          const mail = await simpleParser(stream);
          const [to] = session.envelope.rcptTo;
          this.received.push({
            atMs: Date.now(),
            to: to?.address ?? '',
            messageId: mail.messageId ?? '',
            inReplyTo: mail.inReplyTo ?? null,
            subject: mail.subject ?? '',
            from: mail.from?.text ?? '',
            text: mail.text ?? '',
            html: mail.html || '',
            headers: mail.headers,
            pictures: mail.attachments.map(({ cid, content }) => ({ cid: cid ?? '', bytes: content })),
          });
          await this.beforeReply();
        };
        take().then(
          () => done(),
          (error: Error) => done(error),
        );
      },
    });
    // Connections that are cut are what some tests are about.
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', () => resolve()));
    this.#port = (server.server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}
