// Markup of mails and their pictures: what is put in is escaped, unless it is markup itself.
import { html, raw } from 'hono/html';

export type Markup = ReturnType<typeof raw>;
export const NOTHING: Markup = raw('');

export function mark(strings: TemplateStringsArray, ...values: readonly unknown[]): Markup {
  const made = html(strings, ...values);
  // A promise only where one was put in.
  if (made instanceof Promise) throw new Error('markup of a mail is made of what is there');
  return made;
}
