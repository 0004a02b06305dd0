// Whether a place is in view, or nearly: what it shows is fetched then, and not before.
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** So near to the view, it will be in it soon. */
const nearPx = 200;

export function useNear(place: RefObject<Element>): boolean {
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const watcher = new IntersectionObserver((seen) => setNear(seen.some((one) => one.isIntersecting)), {
      rootMargin: `${nearPx}px`,
    });
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  return isNear;
}
