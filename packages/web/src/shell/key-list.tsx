// All keys of the page, for who asks with `?`.
import type { ComponentChildren } from 'preact';
import { words } from '../i18n/words.ts';
import { singleKeys } from '../prefs.ts';
import { session } from '../session/session.ts';
import { Dialog } from './dialog.tsx';
import { overlay } from './overlay.ts';
import { placesFor } from './places.ts';
import { shellWords } from './words.ts';

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

function Key({ keys, children }: { readonly keys: readonly string[]; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{children}</dt>
      <dd>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dd>
    </div>
  );
}

export function KeyList() {
  const w = shellWords.value;
  const now = session.value;
  const places = now.kind === 'in' ? placesFor(now.me.role) : [];
  return (
    <Dialog
      title={w.keys}
      close={() => {
        overlay.value = null;
      }}
    >
      {!singleKeys.value && <p>{w.keysOff}</p>}
      <h3>{w.keysAnywhere}</h3>
      <dl class="keys">
        <Key keys={[isApple ? '⌘' : w.ctrl, 'K']}>{w.keyGoTo}</Key>
        {singleKeys.value && (
          <>
            <Key keys={['?']}>{w.keyHelp}</Key>
            <Key keys={['/']}>{w.keySearch}</Key>
            <Key keys={['R']}>{w.keyReload}</Key>
            {places.flatMap(({ name, key }) =>
              key === null ? (
                []
              ) : (
                <Key key={name} keys={['G', key.toUpperCase()]}>
                  {w.keyPlace(words.value[name])}
                </Key>
              ),
            )}
          </>
        )}
      </dl>
      <h3>{w.keysChart}</h3>
      <dl class="keys">
        <Key keys={['←', '→']}>{w.keyPoint}</Key>
        <Key keys={[w.shift, '←', '→']}>{w.keyPoints}</Key>
        <Key keys={['↑', '↓']}>{w.keyCurve}</Key>
        <Key keys={['+', '−']}>{w.keyZoom}</Key>
        <Key keys={[w.pageUp, w.pageDown]}>{w.keyMove}</Key>
        <Key keys={['0']}>{w.keyReset}</Key>
        <Key keys={['T']}>{w.keyTable}</Key>
        <Key keys={['N']}>{w.keyNote}</Key>
      </dl>
    </Dialog>
  );
}
