// Whether what was rendered first has been painted: the little that says most is on the screen then, and the rest, which takes
// a slow phone half a second, may follow.
import { useEffect, useState } from 'preact/hooks';

export function useIsPainted(): boolean {
  const [isPainted, setPainted] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    // The frame that paints it; what is set within it would still be part of it.
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => setPainted(true));
    });
    // A page in the background paints nothing.
    const anyway = setTimeout(() => setPainted(true), 100);
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(anyway);
      if (timer !== null) clearTimeout(timer);
    };
  }, []);
  return isPainted;
}
