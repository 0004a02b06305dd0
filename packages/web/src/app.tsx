// Which page an address shows, and to whom: signed out, every address leads to sign-in and back again.
import { useEffect } from 'preact/hooks';
import { Redirect, Route, Switch, useLocation, useSearch } from 'wouter-preact';
import { words } from './i18n/words.ts';
import { findSession, safeNext, session } from './session/session.ts';
import { Setup } from './session/setup.tsx';
import { SignIn } from './session/sign-in.tsx';
import { later } from './shell/later.tsx';
import { Logo } from './shell/logo.tsx';
import { Navbar } from './shell/navbar.tsx';
import { FailureNotice, NotFound } from './shell/notices.tsx';

const Home = later(async () => (await import('./fleet/fleet-page.tsx')).Home);
const Analysis = later(async () => (await import('./analysis/analysis-page.tsx')).Analysis);
const Fleet = later(async () => (await import('./fleet/fleet-page.tsx')).Fleet);
const MachinePage = later(async () => (await import('./machine/machine-page.tsx')).MachinePage);
const Settings = later(async () => (await import('./shell/settings.tsx')).Settings);

function FirstLoad() {
  return (
    <main class="gate" id="content" aria-busy="true">
      <Logo turning />
      <p class="muted" role="status">
        {words.value.loading}
      </p>
    </main>
  );
}

function AfterSignIn() {
  return <Redirect to={safeNext(useSearch())} replace />;
}

function SignedOut({ setupNeeded }: { readonly setupNeeded: boolean }) {
  const [location] = useLocation();
  const query = useSearch();
  if (location === '/sign-in') return setupNeeded ? <Redirect to="/setup" replace /> : <SignIn />;
  if (location === '/setup' && setupNeeded) return <Setup />;
  if (setupNeeded) return <Redirect to="/setup" replace />;
  const wanted = location + (query === '' ? '' : `?${query}`);
  const next = wanted === '/' || wanted === '/setup' ? '' : `?next=${encodeURIComponent(wanted)}`;
  return <Redirect to={`/sign-in${next}`} replace />;
}

/** A new page starts at its top, and says so to those who hear it rather than see it. */
function useNewPage(): void {
  const [location] = useLocation();
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [location]);
}

export function App() {
  useNewPage();
  useEffect(() => {
    void findSession();
  }, []);
  const now = session.value;
  if (now.kind === 'unknown') return <FirstLoad />;
  if (now.kind === 'failed') {
    return (
      <main class="gate" id="content">
        <Logo />
        <FailureNotice code={now.code} retry={() => void findSession()} />
      </main>
    );
  }
  if (now.kind === 'out') return <SignedOut setupNeeded={now.setupNeeded} />;
  return (
    <>
      <Navbar />
      <Switch>
        <Route path="/">
          <Home />
        </Route>
        <Route path="/sign-in" component={AfterSignIn} />
        <Route path="/setup" component={AfterSignIn} />
        <Route path="/fleet">
          <Fleet />
        </Route>
        <Route path="/analysis">
          <Analysis />
        </Route>
        <Route path="/settings">
          <Settings />
        </Route>
        <Route path="/m/:id">{({ id }) => <MachinePage key={id} id={id} />}</Route>
        <Route>
          <NotFound />
        </Route>
      </Switch>
    </>
  );
}
