// Keeps the page's own files so that it opens without its server. Built by scripts/build.ts with the list of files and a hash
// over them; a new build is another cache, filled before the old one goes. Invariants: answers of /api are never touched, so
// that nothing of anybody stays here; a page that is open keeps the files it was built with until it is closed.
// Not here: the last known values (kept.ts).

declare const SHELL: { readonly version: string; readonly files: readonly string[] };

// The types of a worker and those of a page exclude each other in one program; this is what is used of them.
interface Waiting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker {
  addEventListener(type: 'install' | 'activate', listener: (event: Waiting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
  readonly clients: { claim(): Promise<void> };
}
const worker = self as unknown as Worker;

const prefix = 'vigie-shell-';
const cacheName = prefix + SHELL.version;
/** Longer than this, a network that hangs is no network. */
const documentTimeoutMs = 3000;

/** Files that have not changed are taken from the build before. */
async function install(): Promise<void> {
  const cache = await caches.open(cacheName);
  await Promise.all(
    SHELL.files.map(async (file) => {
      const isHashed = file.startsWith('/assets/');
      const known = isHashed ? await caches.match(file) : undefined;
      if (known !== undefined) return cache.put(file, known);
      return cache.add(new Request(file, { cache: isHashed ? 'default' : 'reload' }));
    }),
  );
}

async function removeOld(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(prefix) && name !== cacheName) await caches.delete(name);
  }
  await worker.clients.claim();
}

/** The present document where there is one, since it names the files of the present server. */
async function documentOf(request: Request): Promise<Response> {
  const cached = async (): Promise<Response> =>
    (await (await caches.open(cacheName)).match('/')) ?? Response.error();
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(documentTimeoutMs) });
    // A proxy in front of a server that is down answers too.
    return answer.status >= 500 ? await cached() : answer;
  } catch {
    return cached();
  }
}

async function fileOf(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  return (await cache.match(request)) ?? fetch(request);
}

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(removeOld()));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || pathname.startsWith('/api/')) return;
  if (request.mode === 'navigate') event.respondWith(documentOf(request));
  else if (SHELL.files.includes(pathname)) event.respondWith(fileOf(request));
});

export {};
