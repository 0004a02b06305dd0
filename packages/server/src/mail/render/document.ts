// A mail as a document, before it is HTML and text: both say the same, so that nothing is lost with blocked pictures or in a
// reader of plain text. Pure. Not here: its words (compose.ts).
import type { Language } from '@vigie/contract';
import { HEIGHT_PX, WIDTH_PX } from './chart-svg.ts';
import { type Markup, mark, NOTHING } from './markup.ts';

export interface MailDocument {
  readonly language: Language;
  readonly subject: string;
  /** What the mail is about, in one line above the heading. */
  readonly over: string;
  readonly tone: 'alarm' | 'warning' | 'plain';
  readonly heading: string;
  readonly paragraphs: readonly string[];
  /** The picture in words; `null`: there is none. */
  readonly pictureText: string | null;
  readonly sections: readonly MailSection[];
  readonly buttons: readonly { readonly word: string; readonly href: string }[];
  /** Beneath the buttons. */
  readonly hints: readonly string[];
  readonly foot: readonly string[];
  readonly footLink: { readonly word: string; readonly href: string } | null;
}

export interface MailSection {
  readonly title: string;
  readonly items: readonly {
    readonly title: string;
    readonly lines: readonly string[];
    readonly href: string | null;
  }[];
  /** Of those that are left out; `null`: none is. */
  readonly more: string | null;
}

export function textOf(document: MailDocument): string {
  const { over, heading, paragraphs, pictureText, sections, buttons, hints, foot, footLink } = document;
  const blocks = [
    over,
    heading,
    ...paragraphs,
    ...(pictureText === null ? [] : [`[${pictureText}]`]),
    ...sections.flatMap(({ title, items, more }) => [
      `${title}\n${'-'.repeat(title.length)}`,
      ...items.map((item) => [item.title, ...item.lines].join('\n  ')),
      ...(more === null ? [] : [more]),
    ]),
    ...buttons.map(({ word, href }) => `${word}\n${href}`),
    ...hints,
    ['-- ', ...foot, ...(footLink === null ? [] : [`${footLink.word}: ${footLink.href}`])].join('\n'),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

const TONES = { alarm: '#c4161c', warning: '#f2a900', plain: '#7b858f' } as const;
const FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const MUTED = 'color:#4a535c;font-size:14px;line-height:20px';

/** Tables and styles on each element: what mail programs understand. */
export function htmlOf(document: MailDocument): string {
  const { language, subject, over, tone, heading, paragraphs, pictureText } = document;
  const { sections, buttons, hints, foot, footLink } = document;
  const row = (content: Markup, top = 16): Markup =>
    mark`<tr><td style="padding:${top}px 24px 0;${FONT}">${content}</td></tr>\n`;
  const text = (line: string, style: string, top?: number): Markup =>
    row(mark`<p style="margin:0;${style}">${line}</p>`, top);
  const body = mark`${text(over, MUTED, 20)}
${row(mark`<h1 style="margin:0;color:#15191d;font-size:20px;line-height:28px;font-weight:600">${heading}</h1>`, 4)}
${paragraphs.map((line) => text(line, 'color:#15191d;font-size:16px;line-height:24px', 8))}
${pictureText === null ? NOTHING : row(mark`<img src="cid:picture" alt="${pictureText}" width="${WIDTH_PX - 48}" style="display:block;width:100%;max-width:${WIDTH_PX - 48}px;height:auto;aspect-ratio:${WIDTH_PX}/${HEIGHT_PX};border:0;color:#4a535c;font-size:14px">`)}
${sections.map(sectionOf).map((section) => row(section))}
${buttons.length === 0 ? NOTHING : row(mark`${buttons.map(buttonOf)}`, 20)}
${hints.map((line) => text(line, MUTED, 8))}
<tr><td style="padding:20px 24px;${FONT}"><p style="margin:0;padding-top:12px;border-top:1px solid #d8dde2;${MUTED}">${foot.map((line) => mark`${line}<br>`)}${footLink === null ? NOTHING : mark`<a href="${footLink.href}" style="color:#1f5fa8">${footLink.word}</a>`}</p></td></tr>`;
  return String(mark`<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light"><title>${subject}</title></head>
<body style="margin:0;padding:0;background:#eceef0">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#eceef0"><tr><td align="center" style="padding:16px 8px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:${WIDTH_PX}px;background:#fafbfc;border-top:4px solid ${TONES[tone]};text-align:left">
${body}
</table></td></tr></table></body></html>
`);
}

function sectionOf({ title, items, more }: MailSection): Markup {
  return mark`<h2 style="margin:0;color:#15191d;font-size:16px;line-height:24px;font-weight:600">${title}</h2>
<ul style="margin:4px 0 0;padding:0;list-style:none">${items.map(
    (item) =>
      mark`<li style="margin:0;padding:8px 0;border-top:1px solid #d8dde2;color:#15191d;font-size:14px;line-height:20px">${
        item.href === null
          ? item.title
          : mark`<a href="${item.href}" style="color:#1f5fa8;text-decoration:none;font-weight:600">${item.title}</a>`
      }${item.lines.map((line) => mark`<br>${line}`)}</li>`,
  )}</ul>${more === null ? NOTHING : mark`<p style="margin:4px 0 0;${MUTED}">${more}</p>`}`;
}

function buttonOf({ word, href }: MailDocument['buttons'][number], i: number): Markup {
  const look =
    i === 0
      ? 'background:#1f5fa8;color:#fafbfc;border:1px solid #1f5fa8'
      : 'background:#fafbfc;color:#1f5fa8;border:1px solid #7b858f';
  return mark`<a href="${href}" style="display:inline-block;margin:0 8px 8px 0;padding:11px 20px;border-radius:8px;font-size:16px;line-height:20px;text-decoration:none;${look}">${word}</a>`;
}
