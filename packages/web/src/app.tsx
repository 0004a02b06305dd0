// Which page an address shows, and to whom: signed out, every address leads to sign-in and back again.
import type { Role } from '@vigie/contract';
import { useEffect, useMemo } from 'preact/hooks';
import { Redirect, Route, Switch, useLocation, useSearch } from 'wouter-preact';
import { words } from './i18n/words.ts';
import { OfflineNote } from './offline/offline-note.tsx';
import { findSession, manages, safeNext, session } from './session/session.ts';
import { Setup } from './session/setup.tsx';
import { SignIn } from './session/sign-in.tsx';
import { later } from './shell/later.tsx';
import { Logo } from './shell/logo.tsx';
import { Navbar } from './shell/navbar.tsx';
import { FailureNotice, NotFound } from './shell/notices.tsx';
import { Overlays } from './shell/overlays.tsx';
import { placesFor } from './shell/places.ts';
import { useKeys } from './shell/use-keys.ts';

const Home = later(async () => (await import('./fleet/fleet-page.tsx')).Home);
const Analysis = later(async () => (await import('./analysis/analysis-page.tsx')).Analysis);
const Fleet = later(async () => (await import('./fleet/fleet-page.tsx')).Fleet);
const MachinePage = later(async () => (await import('./machine/machine-page.tsx')).MachinePage);
const AlarmsPage = later(async () => (await import('./alarms/alarms-page.tsx')).AlarmsPage);
const LimitsPage = later(async () => (await import('./alarms/limits-page.tsx')).LimitsPage);
const Profile = later(async () => (await import('./profile/profile-page.tsx')).ProfilePage);
const UsersPage = later(async () => (await import('./management/users-page.tsx')).UsersPage);
const MachinesPage = later(async () => (await import('./management/machines-page.tsx')).MachinesPage);
const AuditPage = later(async () => (await import('./management/audit-page.tsx')).AuditPage);
const Acknowledge = later(async () => (await import('./alarms/acknowledge-page.tsx')).AcknowledgePage);
const Welcome = later(async () => (await import('./management/welcome-page.tsx')).WelcomePage);

/** The code of the page that is asked for comes while the server says who asks. */
export async function prefetchPage(path: string): Promise<void> {
  if (path === '/') await Home.prefetch();
  else if (path === '/fleet') await Fleet.prefetch();
  else if (path.startsWith('/m/')) await MachinePage.prefetch();
  else if (path === '/analysis') await Analysis.prefetch();
  else if (path === '/profile') await Profile.prefetch();
}

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

/** What is around every page of whoever is signed in. */
function Shell({ role }: { readonly role: Role }) {
  const places = useMemo(() => placesFor(role), [role]);
  useKeys(places);
  return <Navbar places={places} />;
}

/** A new page starts at its top, and says so to those who hear it rather than see it. */
function useNewPage(): void {
  const [location] = useLocation();
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [location]);
}

export function App() {
  const [location] = useLocation();
  useNewPage();
  const now = session.value;
  if (now.kind === 'unknown') return <FirstLoad />;
  if (now.kind === 'failed') {
    return (
      <main class="gate" id="content">
        <Logo />
        <h1>{words.value.appName}</h1>
        <FailureNotice code={now.code} retry={() => void findSession()} />
      </main>
    );
  }
  // Whoever is signed in: the link may be for somebody else.
  if (location === '/welcome') return <Welcome />;
  if (location === '/acknowledge') return <Acknowledge />;
  if (now.kind === 'out') return <SignedOut setupNeeded={now.setupNeeded} />;
  return (
    <>
      <Shell role={now.me.role} />
      <OfflineNote />
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
        <Route path="/alarms">
          <AlarmsPage />
        </Route>
        <Route path="/profile">
          <Profile />
        </Route>
        <Route path="/settings">
          <Redirect to="/profile" replace />
        </Route>
        {manages.value && (
          <Route path="/manage/users">
            <UsersPage />
          </Route>
        )}
        {manages.value && (
          <Route path="/manage/machines">
            <MachinesPage />
          </Route>
        )}
        {manages.value && (
          <Route path="/manage/audit">
            <AuditPage />
          </Route>
        )}
        <Route path="/m/:id/limits">{({ id }) => <LimitsPage key={id} id={id} />}</Route>
        <Route path="/m/:id">{({ id }) => <MachinePage key={id} id={id} />}</Route>
        <Route>
          <NotFound />
        </Route>
      </Switch>
      <Overlays />
    </>
  );
}
