// A text that is to be carried elsewhere: a link, a command. Selected whole by a click, copied by a button.
import { useState } from 'preact/hooks';
import { manageWords } from './words.ts';

export function CopyText({ text, label }: { readonly text: string; readonly label: string }) {
  const w = manageWords.value;
  const [copied, setCopied] = useState(false);
  return (
    <div class="copy">
      <output class="copy-text" aria-label={label}>
        {text}
      </output>
      <button
        type="button"
        onClick={() => {
          // Refused where the page is not over HTTPS: the text can still be selected.
          navigator.clipboard.writeText(text).then(
            () => setCopied(true),
            () => setCopied(false),
          );
        }}
      >
        {w.copy}
      </button>
      <span class="hint" role="status">
        {copied ? w.copied : ''}
      </span>
    </div>
  );
}
