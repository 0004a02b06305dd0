// How the truth in one line looks: icon, head in bold, facts after middle dots.

import type { Sentence } from './sentence.ts';
import { StateIcon } from './state-icon.tsx';

export function SentenceLine({ sentence }: { readonly sentence: Sentence }) {
  return (
    <p class={`sentence tone-${sentence.tone}`}>
      <StateIcon tone={sentence.tone} size={24} />
      <span>
        <strong>{sentence.head}</strong>
        {sentence.rest.map((fact) => ` · ${fact}`).join('')}
      </span>
    </p>
  );
}

/** Holds the place of the sentence while it is not known. */
export function SentenceSkeleton() {
  return <div class="sentence skeleton" aria-hidden="true" />;
}
