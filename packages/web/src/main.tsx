// Starts the page.
import { render } from 'preact';
import { App, prefetchPage } from './app.tsx';
import { startClock } from './clock.ts';
import { speak } from './i18n/words.ts';
import { installOffline } from './offline/install.ts';
import { language, startPrefs } from './prefs.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/machine.css';
import './styles/chart.css';

const againMs = 2000;

/** Nothing can be said before there are words. */
async function start(): Promise<void> {
  startPrefs();
  startClock();
  prefetchPage(location.pathname);
  while (!(await speak(language.peek()))) await new Promise((done) => setTimeout(done, againMs));
  render(<App />, document.getElementById('page')!);
  installOffline();
}

void start();
