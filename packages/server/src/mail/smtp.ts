// Hands a message to the operator's mail server over SMTP (RFC 5321), by nodemailer: one connection a message, since a pool
// sends again by itself what it cannot know to be sent. Says what its answers mean for the outbox.
// Invariants: a password goes over TLS only; the Message-ID follows from the outbox's id, so that a message that had to be
// sent again is the same one. Not here: what is in a message (render/), when it is sent (courier.ts).
import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import type { Handed } from './courier.ts';

export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (smtps); `required`: STARTTLS or nothing; `none`: as it comes, for a relay nearby. */
  readonly tls: 'implicit' | 'required' | 'none';
  readonly user: string | null;
  readonly password: string | null;
  /** Address, with or without a name: `Vigie <vigie@example.org>`. */
  readonly from: string;
}

export interface Message {
  readonly id: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** PNG that the HTML shows as `cid:picture`; `null`: it shows none. */
  readonly picture: Uint8Array | null;
  /** Id of the message it follows up; `null`: none. */
  readonly follows: string | null;
}

const CONNECT_MS = 20_000;
const ANSWER_MS = 60_000;

export function messageId(id: string, from: string): string {
  const domain = /@([^\s<>@]+)>?\s*$/.exec(from)?.[1] ?? 'vigie.invalid';
  return `<${createHash('sha256').update(id).digest('hex').slice(0, 32)}@${domain}>`;
}

export function smtpSender(settings: SmtpSettings): (message: Message) => Promise<Handed> {
  const { host, port, tls, user, password, from } = settings;
  const transport = createTransport({
    ...{ host, port, secure: tls === 'implicit', requireTLS: tls === 'required' },
    ...(user === null ? {} : { auth: { user, pass: password ?? '' } }),
    ...{ connectionTimeout: CONNECT_MS, greetingTimeout: CONNECT_MS, dnsTimeout: CONNECT_MS },
    socketTimeout: ANSWER_MS,
    // Nothing that is told ever makes it read a file or fetch an address.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  return async ({ id, to, subject, text, html, picture, follows }) => {
    try {
      await transport.sendMail({
        ...{ from, to, subject, text, html, messageId: messageId(id, from) },
        ...(follows === null
          ? {}
          : { inReplyTo: messageId(follows, from), references: messageId(follows, from) }),
        attachments:
          picture === null
            ? []
            : [
                {
                  ...{ filename: 'chart.png', content: Buffer.from(picture), cid: 'picture' },
                  contentDisposition: 'inline',
                },
              ],
        // Nobody's absence note shall answer it.
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      });
      return { kind: 'sent' };
    } catch (error) {
      return meaningOf(error);
    }
  };
}

interface SmtpFailure {
  readonly code?: string;
  readonly command?: string;
  readonly responseCode?: number;
  readonly response?: string;
  readonly message: string;
}

/** Where the server refuses this one message it is the message's matter; all else is the server's. */
function meaningOf(error: unknown): Handed {
  const { code, command, responseCode, response, message } = error as SmtpFailure;
  const why = (response ?? message).slice(0, 300);
  if (code === 'EENVELOPE' && command === 'API') return { kind: 'refused', why };
  const isOfMessage = command === 'RCPT TO' || command === 'DATA';
  if (!isOfMessage || responseCode === undefined || responseCode === 421) return { kind: 'down', why };
  // 5.7: a policy, which more often than not is a relay that does not know this server yet (RFC 3463).
  if (responseCode < 500 || /^5\d\d[ -]5\.7\./.test(why)) return { kind: 'later', why };
  return { kind: 'refused', why };
}
