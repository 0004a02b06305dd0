// Builds the page into dist/, which the server serves as it is; in development passes /api to a server.
// Nothing is inlined: the content security policy forbids inline scripts and styles.
import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [preact()],
  build: {
    outDir: 'dist',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // For first.js, which asks for a page's code at once (scripts/build.ts).
    manifest: 'manifest.json',
    cssTarget: ['chrome123', 'firefox128', 'safari17.5'],
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: process.env.VIGIE_SERVER ?? 'http://127.0.0.1:8080', changeOrigin: false } },
  },
});
