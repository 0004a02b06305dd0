// Starts the page.
import { render } from 'preact';
import { readEarly } from './api.ts';
import { App, prefetchPage } from './app.tsx';
import { startClock } from './clock.ts';
import { speak } from './i18n/words.ts';
import { installOffline } from './offline/install.ts';
import { language, startPrefs } from './prefs.ts';
import { findSession } from './session/session.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/machine.css';
import './styles/chart.css';

const againMs = 2000;
/** After the words are here, the first frame waits so long for what it can say. */
const firstFrameMs = 400;

const rest = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/**
 * Nothing can be said before there are words. Then a frame that says all is seen sooner than one after the other: each costs a
 * slow phone some tenths of a second.
 */
async function start(): Promise<void> {
  startPrefs();
  startClock();
  const known = Promise.all([findSession(), readEarly(), prefetchPage(location.pathname)]);
  while (!(await speak(language.peek()))) await rest(againMs);
  await Promise.race([known, rest(firstFrameMs)]);
  render(<App />, document.getElementById('page')!);
  installOffline();
}

void start();
