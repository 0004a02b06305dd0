// What the three pages of management share: their tabs, a search that filters as one types, the button that adds.
import type { ComponentChildren } from 'preact';
import { Link, useLocation } from 'wouter-preact';
import { FailureNotice } from '../shell/notices.tsx';
import { useTitle } from '../shell/use-title.ts';
import { failure, load } from './data.ts';
import { MailNotice } from './mail-notice.tsx';
import { UndoOffer } from './undo.tsx';
import { manageWords } from './words.ts';
import '../styles/manage.css';

interface FrameProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

export function Frame({ title, children }: FrameProps) {
  const w = manageWords.value;
  useTitle(title);
  const [location] = useLocation();
  const tabs = [
    ['/manage/users', w.users],
    ['/manage/machines', w.machines],
    ['/manage/audit', w.audit],
  ] as const;
  return (
    <main id="content" class="page" tabIndex={-1}>
      <h1 class="unseen">{title}</h1>
      <nav class="tabs" aria-label={w.title}>
        {tabs.map(([path, word]) => (
          <Link key={path} href={path} aria-current={location === path ? 'page' : undefined}>
            {word}
          </Link>
        ))}
      </nav>
      <MailNotice />
      {failure.value !== null && <FailureNotice code={failure.value} retry={() => void load()} />}
      {children}
      <UndoOffer />
    </main>
  );
}

interface HeadProps {
  readonly label: string;
  readonly typed: string;
  readonly type: (text: string) => void;
  /** `null`: nothing may be added. */
  readonly add: { readonly href: string; readonly word: string } | null;
}

export function Head({ label, typed, type, add }: HeadProps) {
  return (
    <div class="panel-head manage-head">
      <input
        type="search"
        data-search
        aria-label={label}
        placeholder={label}
        value={typed}
        onInput={(event) => type(event.currentTarget.value)}
      />
      {add !== null && (
        <Link href={add.href} class="button primary">
          {add.word}
        </Link>
      )}
    </div>
  );
}

export function Skeleton() {
  return (
    <div class="panel skeleton-rows" aria-hidden="true">
      {[1, 2, 3, 4].map((row) => (
        <div key={row} class="skeleton" />
      ))}
    </div>
  );
}
