// A page whose code is fetched when it is first shown, so that each first view carries only its own.
// While it is on its way the place is kept; a fetch that fails says so, and can be tried again.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type FailureCode, inFlight } from '../api.ts';
import { words } from '../i18n/words.ts';
import { FailureNotice } from './notices.tsx';

export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let Page: ComponentType<Props> | null = null;
  return function Later(props: Props) {
    const [loaded, setLoaded] = useState(Page !== null);
    const [failure, setFailure] = useState<FailureCode | null>(null);
    const fetchIt = async (): Promise<void> => {
      setFailure(null);
      inFlight.value += 1;
      try {
        Page = await load();
        setLoaded(true);
      } catch {
        setFailure('unreachable');
      } finally {
        inFlight.value -= 1;
      }
    };
    useEffect(() => {
      if (Page === null) void fetchIt();
    }, []);
    if (loaded && Page !== null) return <Page {...props} />;
    return (
      <main id="content" class="page" tabIndex={-1} aria-busy={failure === null}>
        {failure === null ? (
          <p class="unseen" role="status">
            {words.value.loading}
          </p>
        ) : (
          <FailureNotice code={failure} retry={() => void fetchIt()} />
        )}
      </main>
    );
  };
}
