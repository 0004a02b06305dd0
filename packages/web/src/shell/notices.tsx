// What is shown instead of data: a failure with its retry, an empty state, a page that does not exist.
import type { ComponentChildren } from 'preact';
import { Link } from 'wouter-preact';
import type { FailureCode } from '../api.ts';
import { words } from '../i18n/words.ts';
import { failureWords } from '../session/failure-words.ts';
import { useTitle } from './use-title.ts';

export function FailureNotice({ code, retry }: { readonly code: FailureCode; readonly retry: () => void }) {
  return (
    <div class="notice" role="alert">
      <p>{failureWords(code, words.value)}</p>
      <button type="button" onClick={retry}>
        {words.value.retry}
      </button>
    </div>
  );
}

export function EmptyNotice({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div class="notice">
      <h2>{title}</h2>
      <p>{children}</p>
    </div>
  );
}

export function NotFound({ text }: { readonly text?: string }) {
  const w = words.value;
  useTitle(w.notFoundTitle);
  return (
    <main id="content" class="page" tabIndex={-1}>
      <div class="notice">
        <h1>{w.notFoundTitle}</h1>
        <p>{text ?? w.notFoundText}</p>
        <Link href="/fleet" class="button">
          {w.notFoundAction}
        </Link>
      </div>
    </main>
  );
}
