// Starts the page.
import { render } from 'preact';
import { App, prefetchPage } from './app.tsx';
import { startClock } from './clock.ts';
import { installOffline } from './offline/install.ts';
import { startPrefs } from './prefs.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/machine.css';
import './styles/chart.css';

startPrefs();
startClock();
prefetchPage(location.pathname);
render(<App />, document.getElementById('page')!);
installOffline();
