// A part whose code is fetched when it is first shown, so that each first view carries only its own.
// While it is on its way its place is kept; a fetch that fails says so, and can be tried again.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type FailureCode, inFlight } from '../api.ts';
import { words } from '../i18n/words.ts';
import { FailureNotice } from './notices.tsx';

/** A part that can be fetched before it is shown. */
export type LaterPart<Props> = ComponentType<Props> & { readonly prefetch: () => Promise<void> };

export interface Waiting {
  /** Why its code did not come; `null`: it is on its way. */
  readonly failure: FailureCode | null;
  readonly retry: () => void;
}

function PageOnItsWay({ failure, retry }: Waiting) {
  return (
    <main id="content" class="page" tabIndex={-1} aria-busy={failure === null}>
      {failure === null ? (
        <p class="unseen" role="status">
          {words.value.loading}
        </p>
      ) : (
        <FailureNotice code={failure} retry={retry} />
      )}
    </main>
  );
}

/** Of a part that needs no place until it is there, such as a dialog. */
export function NothingYet({ failure, retry }: Waiting) {
  return failure === null ? null : <FailureNotice code={failure} retry={retry} />;
}

/** @param Place stands in the part's place until its code is there; that of a whole page by default. */
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  Place: ComponentType<Waiting> = PageOnItsWay,
): LaterPart<Props> {
  let Part: ComponentType<Props> | null = null;
  const fetchPart = async (): Promise<void> => {
    Part ??= await load();
  };
  function Later(props: Props) {
    const [loaded, setLoaded] = useState(Part !== null);
    const [failure, setFailure] = useState<FailureCode | null>(null);
    const fetchIt = async (): Promise<void> => {
      setFailure(null);
      inFlight.value += 1;
      try {
        await fetchPart();
        setLoaded(true);
      } catch {
        setFailure('unreachable');
      } finally {
        inFlight.value -= 1;
      }
    };
    useEffect(() => {
      if (Part === null) void fetchIt();
    }, []);
    if (loaded && Part !== null) return <Part {...props} />;
    return <Place failure={failure} retry={() => void fetchIt()} />;
  }
  // One that fails is asked for again, and told of, when it is to be shown.
  return Object.assign(Later, { prefetch: () => fetchPart().catch(() => {}) });
}
