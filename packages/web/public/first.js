// Runs before anything is painted, so that neither theme nor language flashes. A file of its own, since
// the content security policy allows no inline script.
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
})();
