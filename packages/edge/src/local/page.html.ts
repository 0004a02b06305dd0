// The text of the local page: one file without anything beside it, since the box may have no network. Every word is in both
// languages; the browser's own is taken, and a button changes it. Not here: where the facts come from (local-page.ts).

const WORDS = {
  en: {
    title: 'Vigie box',
    other: 'Français',
    test: 'Test the link',
    testing: 'Testing the link, 30 s at most …',
    tested: (rows: string, ms: string) => `The link works: ${rows} rows sent and acknowledged in ${ms} ms.`,
    failed: (why: string) => `The link does not work: ${why}`,
    lost: 'The agent does not answer: it was stopped, or is being restarted.',
    values: 'Values of the controller',
    noRow: 'No value yet.',
    age: (s: string) => `Read ${s} ago`,
    controller: 'Controller',
    answers: 'answers',
    spool: 'Waiting to be acknowledged',
    rows: (n: string) => `${n} rows`,
    disk: 'Disk',
    written: 'takes rows',
    clock: 'Date',
    noDate: 'not known yet; rows are kept and dated later',
    dated: (ago: string, ms: string) => `given by the server ${ago} ago, to ± ${ms} ms`,
    link: 'Link to the server',
    connected: (s: string) => `connected for ${s}`,
    down: (s: string, why: string) => `down for ${s}: ${why}`,
    ack: 'Last acknowledgement',
    ago: (s: string) => `${s} ago`,
    never: 'none since the start',
    modem: 'Modem',
    noModem: 'none is looked after',
    noSignal: 'no signal known',
    data: 'Data this month',
    of: (used: string, budget: string) => `${used} MB of ${budget} MB`,
    used: (used: string) => `${used} MB`,
  },
  fr: {
    title: 'Boîtier Vigie',
    other: 'English',
    test: 'Tester la liaison',
    testing: 'Test de la liaison, 30 s au plus …',
    tested: (rows: string, ms: string) =>
      `La liaison fonctionne : ${rows} lignes envoyées et acquittées en ${ms} ms.`,
    failed: (why: string) => `La liaison ne fonctionne pas : ${why}`,
    lost: 'L’agent ne répond pas : il est arrêté, ou redémarre.',
    values: 'Valeurs de l’automate',
    noRow: 'Pas encore de valeur.',
    age: (s: string) => `Lues il y a ${s}`,
    controller: 'Automate',
    answers: 'répond',
    spool: 'En attente d’acquittement',
    rows: (n: string) => `${n} lignes`,
    disk: 'Disque',
    written: 'accepte les lignes',
    clock: 'Date',
    noDate: 'pas encore connue ; les lignes sont gardées et datées plus tard',
    dated: (ago: string, ms: string) => `donnée par le serveur il y a ${ago}, à ± ${ms} ms`,
    link: 'Liaison avec le serveur',
    connected: (s: string) => `établie depuis ${s}`,
    down: (s: string, why: string) => `coupée depuis ${s} : ${why}`,
    ack: 'Dernier acquittement',
    ago: (s: string) => `il y a ${s}`,
    never: 'aucun depuis le démarrage',
    modem: 'Modem',
    noModem: 'aucun n’est surveillé',
    noSignal: 'signal inconnu',
    data: 'Données ce mois-ci',
    of: (used: string, budget: string) => `${used} Mo sur ${budget} Mo`,
    used: (used: string) => `${used} Mo`,
  },
};
export type LocalWords = (typeof WORDS)['en'];
export const LOCAL_WORDS: Readonly<Record<'en' | 'fr', LocalWords>> = WORDS;

const wordsAsScript = Object.entries(LOCAL_WORDS).map(
  ([language, words]) =>
    `${language}: { ${Object.entries(words)
      .map(([key, word]) => `${key}: ${typeof word === 'string' ? JSON.stringify(word) : String(word)}`)
      .join(', ')} }`,
);

export const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vigie</title>
<style>
  :root { color-scheme: light dark; --ground: #eceef0; --surface: #fafbfc; --text: #15191d; --muted: #4a535c; --accent: #1f5fa8; --alarm: #c4161c; }
  @media (prefers-color-scheme: dark) { :root { --ground: #14171a; --surface: #1d2125; --text: #e6e9ec; --muted: #a9b2ba; --accent: #6fb1f5; --alarm: #ff6b66; } }
  body { margin: 0; padding: 16px; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
  main { max-width: 720px; margin: auto; } header { display: flex; justify-content: space-between; align-items: center; gap: 8px; }
  h1 { font-size: 20px; } h2 { font-size: 16px; margin: 16px 0 8px; }
  section { background: var(--surface); padding: 8px 16px 16px; border-radius: 8px; margin-bottom: 16px; }
  dl, table { margin: 0; width: 100%; } dt { color: var(--muted); font-size: 14px; } dd { margin: 0 0 8px; overflow-wrap: anywhere; }
  th { text-align: left; font-weight: normal; color: var(--muted); } td { text-align: right; white-space: nowrap; }
  .wrong::before { content: "! "; font-weight: bold; color: var(--alarm); } 
  button { min-height: 44px; padding: 0 16px; font: inherit; color: var(--text); background: none; border: 1px solid var(--muted); border-radius: 8px; }
  button.primary { background: var(--accent); border-color: var(--accent); color: var(--ground); }
</style>
<main>
  <header><h1 id="title"></h1><button id="other" type="button"></button></header>
  <section><p id="told" role="status"></p><button id="test" class="primary" type="button"></button></section>
  <section><dl id="facts"></dl></section>
  <section><h2 id="values"></h2><p id="age"></p><table><tbody id="rows"></tbody></table></section>
</main>
<script>
  const WORDS = { ${wordsAsScript.join(', ')} };
  let language = navigator.language.startsWith('fr') ? 'fr' : 'en';
  let told = null, view = null, lost = false;
  const by = (id) => document.getElementById(id);
  const number = (n, digits) => new Intl.NumberFormat(language, digits === null ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(n);
  const span = (ms) => { const s = Math.round(ms / 1000); return s < 120 ? s + ' s' : s < 7200 ? Math.floor(s / 60) + ' min' : Math.floor(s / 3600) + ' h'; };
  function fact(name, text, wrong) {
    const dt = document.createElement('dt'), dd = document.createElement('dd');
    dt.textContent = name; dd.textContent = text; if (wrong) dd.className = 'wrong';
    by('facts').append(dt, dd);
  }
  function draw() {
    const w = WORDS[language];
    document.documentElement.lang = language;
    by('other').textContent = w.other; by('test').textContent = w.test; by('values').textContent = w.values;
    by('told').textContent = lost ? w.lost : told === null ? '' : told(w);
    by('title').textContent = w.title + (view === null ? '' : ' · ' + view.status.machine);
    if (view === null) return;
    const s = view.status;
    by('facts').replaceChildren();
    fact(w.controller, s.controllerProblem ?? w.answers, s.controllerProblem !== null);
    fact(w.link, s.linkProblem === null ? w.connected(span(s.linkForMs)) : w.down(span(s.linkForMs), s.linkProblem), s.linkProblem !== null);
    fact(w.ack, s.acknowledgedAgoMs === null ? w.never : w.ago(span(s.acknowledgedAgoMs)), false);
    fact(w.spool, w.rows(number(s.backlogRows, 0)), false);
    fact(w.disk, s.diskProblem ?? w.written, s.diskProblem !== null);
    fact(w.clock, s.serverClock === null ? w.noDate : w.dated(span(s.serverClock.agoMs), number(s.serverClock.errorMs, 0)), false);
    const m = s.modem;
    const levels = m === null ? [] : [['RSSI', m.rssiDbm, 'dBm'], ['RSRP', m.rsrpDbm, 'dBm'], ['RSRQ', m.rsrqDb, 'dB'], ['SINR', m.sinrDb, 'dB']].filter(([, v]) => v !== null).map(([n, v, u]) => n + ' ' + v + ' ' + u);
    fact(w.modem, m === null ? w.noModem : [m.problem, m.operator, m.technology, levels.length ? levels.join(', ') : w.noSignal, m.address].filter((x) => x !== null).join(' · '), m !== null && m.problem !== null);
    const used = number(s.data.monthBytes / 1e6, 1);
    fact(w.data, s.settings.dataBudgetMb === null ? w.used(used) : w.of(used, number(s.settings.dataBudgetMb, null)), false);
    by('age').textContent = view.rowAgoMs === null ? w.noRow : w.age(span(view.rowAgoMs));
    by('rows').replaceChildren(...view.channels.map((c) => {
      const tr = document.createElement('tr'), th = document.createElement('th'), td = document.createElement('td');
      th.scope = 'row'; th.textContent = c.names[language];
      td.textContent = c.value === null ? '–' : (typeof c.value === 'number' ? number(c.value, c.decimals) : c.value) + (c.unit === '' ? '' : ' ' + c.unit);
      tr.append(th, td); return tr;
    }));
  }
  async function look() {
    try { view = await (await fetch('/view')).json(); lost = false; } catch { lost = true; }
    draw(); setTimeout(look, 1000);
  }
  by('other').addEventListener('click', () => { language = language === 'fr' ? 'en' : 'fr'; draw(); });
  by('test').addEventListener('click', async () => {
    by('test').disabled = true; told = (w) => w.testing; draw();
    try {
      const done = await (await fetch('/test', { method: 'POST', headers: { 'x-vigie': 'test' } })).json();
      told = done.ok ? (w) => w.tested(number(done.rows, 0), number(done.tookMs, 0)) : (w) => w.failed(done.message);
    } catch { told = (w) => w.lost; }
    by('test').disabled = false; draw();
  });
  look();
</script>
`;
