// Hands the page's files to the service worker well after the first view is there, so that it costs that view nothing.

const waitMs = 10_000;

export function installOffline(): void {
  // Vite serves the sources in development: there is nothing to keep.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const register = (): void => {
    // Where it is refused, as in a private window, the page simply needs its server.
    setTimeout(() => navigator.serviceWorker.register('/service-worker.js').catch(() => {}), waitMs);
  };
  if (document.readyState === 'complete') register();
  else window.addEventListener('load', register, { once: true });
}
