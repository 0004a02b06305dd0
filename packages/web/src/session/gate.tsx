// What stands before sign-in: the brand, a title, a form, and the reader's preferences below.
import type { ComponentChildren } from 'preact';
import { words } from '../i18n/words.ts';
import { Logo } from '../shell/logo.tsx';
import { useTitle } from '../shell/use-title.ts';

interface GateProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly below: ComponentChildren;
}

export function Gate({ title, children, below }: GateProps) {
  useTitle(title);
  return (
    <main class="gate" id="content">
      <div class="gate-card">
        <p class="gate-brand">
          <Logo />
          <span>{words.value.appName}</span>
        </p>
        <h1>{title}</h1>
        {children}
      </div>
      {below}
    </main>
  );
}
