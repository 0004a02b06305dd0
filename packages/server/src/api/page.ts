// The files of the built page. Invariants: files under /assets/ have a hash in their names and are kept for ever; the
// document names them, so it is asked for anew each time; every address that is nothing else is a view of the page, which
// says itself when it knows none. Files were compressed when they were built (scripts/build.ts), once and as well as can be.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import type { Env } from './parts.ts';

const documentOf = (folder: string): string => join(folder, 'index.html');

/** @param folder of the built page */
export function pageRoutes(folder: string): Hono<Env> {
  const page = new Hono<Env>();
  if (existsSync(folder)) {
    const files = serveStatic({ root: folder, precompressed: true });
    page.use('/assets/*', async (c, next) => {
      await next();
      if (!c.res.ok) return;
      c.res.headers.set('Cache-Control', 'public, max-age=31536000, immutable');
      // Of a file that is never asked for again, nobody asks since when.
      c.res.headers.delete('Last-Modified');
    });
    page.use('/assets/*', files);
    page.get('/assets/*', (c) => c.text('Not found', 404));
    page.use(async (c, next) => {
      await next();
      if (c.res.headers.get('Content-Type')?.startsWith('text/html')) {
        c.res.headers.set('Cache-Control', 'no-cache');
      }
    });
    page.use(files);
    page.get('*', serveStatic({ root: folder, path: 'index.html', precompressed: true }));
  }
  page.get('*', (c) => c.text('The page is not built yet: run npm run build.', 503));
  return page;
}

const hashes = new Map<string, { readonly mtimeMs: number; readonly hash: string }>();

/**
 * What allows the script within the document, and no other, to run; `'self'` while there is none.
 * CSP level 3, section 2.3.1 (hash-source).
 */
export function inlineScriptHash(folder: string): string {
  const file = documentOf(folder);
  const mtimeMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (mtimeMs === undefined) return "'self'";
  const known = hashes.get(file);
  if (known?.mtimeMs === mtimeMs) return known.hash;
  const [, script] = /<script>([\s\S]*?)<\/script>/.exec(readFileSync(file, 'utf8')) ?? [];
  const hash =
    script === undefined ? "'self'" : `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  hashes.set(file, { mtimeMs, hash });
  return hash;
}
