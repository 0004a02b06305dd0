// Runs before anything is painted, so that neither theme nor language flashes, and asks for what the page's code will ask for
// first, and for that code itself, so that answers and code travel together (api.ts takes the answers). The build puts it
// into the document (scripts/build.ts).
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem('vigie.theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    const stored = localStorage.getItem('vigie.language');
    root.lang = stored ?? (navigator.language.toLowerCase().startsWith('fr') ? 'fr' : 'en');
  } catch {
    // Storage may be forbidden: the page then follows the system.
  }
  /** By page, for the chart of a machine's, and by language, the files of its code; the build writes them here (scripts/build.ts). */
  const code = {};
  const { pathname } = location;
  const machine = /^\/m\/([^/]+)$/.exec(pathname)?.[1];
  const paths = ['/api/me'];
  // The count has a line above the list, which must not jump.
  if (pathname === '/' || pathname === '/fleet') paths.push('/api/machines', '/api/alarms/count');
  if (machine !== undefined) paths.push(`/api/machines/${machine}`);
  if (pathname === '/analysis') paths.push('/api/catalogue');
  window.vigieEarly = new Map();
  for (const path of paths) {
    const answer = fetch(path, { headers: { accept: 'application/json' }, credentials: 'same-origin' });
    // Whoever takes it hears of a failure.
    answer.catch(() => {});
    window.vigieEarly.set(path, answer);
  }
  // Answers first: a browser opens six connections, and code would take them all.
  const page = machine !== undefined ? 'machine' : pathname === '/' ? 'fleet' : pathname.slice(1);
  const files = [...(code.words?.[root.lang] ?? []), ...(Object.hasOwn(code, page) ? code[page] : [])];
  // There the chart is in the first view; on a phone it waits until somebody scrolls to it (machine-page.tsx).
  if (page === 'machine' && matchMedia('(min-width: 900px)').matches) files.push(...(code.chart ?? []));
  for (const file of files) {
    const link = document.createElement('link');
    link.rel = 'modulepreload';
    link.crossOrigin = '';
    link.href = file;
    document.head.append(link);
  }
})();
