// The import direction of ARCHITECTURE.md, as rules that say why they exist.
/** @type {import('dependency-cruiser').IConfiguration} */
const only = (from, allowed, comment) => ({
  name: `${from}-imports`,
  severity: 'error',
  comment,
  from: { path: `^packages/${from}/` },
  to: { path: '^packages/', pathNot: `^packages/(${[from, ...allowed].join('|')})/` },
});

module.exports = {
  forbidden: [
    only(
      'codec',
      [],
      'The codec runs in edge, server and browser and outlives them all: it may know nobody.',
    ),
    only('config', [], 'Reading flags and YAML knows nothing of what is configured.'),
    only('model', ['codec', 'config'], 'What a machine is must not depend on who watches it.'),
    only(
      'protocol',
      ['codec', 'model'],
      'The link is shared by edge and server, so it can belong to neither.',
    ),
    only(
      'contract',
      ['codec', 'model'],
      'The HTTP contract is shared by server and page, so it can belong to neither.',
    ),
    only(
      'simulator',
      ['codec', 'config', 'model'],
      'A simulator that knew the edge or the server would agree with their mistakes.',
    ),
    only(
      'edge',
      ['codec', 'config', 'model', 'protocol'],
      'The edge is updated apart from server and page: the link is all they share.',
    ),
    only(
      'server',
      ['codec', 'config', 'contract', 'model', 'protocol'],
      'The server meets the edge on the link and the page on the contract, nowhere else.',
    ),
    only(
      'web',
      ['codec', 'contract', 'model'],
      'The page is served to people who may see nothing of the server but the contract.',
    ),
    {
      name: 'codec-is-pure',
      severity: 'error',
      comment:
        'No node: and no package in the codec: the browser decodes the same blocks with the same code.',
      from: { path: '^packages/codec/src', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'page-runs-no-zod',
      severity: 'error',
      comment:
        'zod is 93 kB on the wire: the page imports types of contract and model, and the few modules of them that need nothing.',
      from: { path: '^packages/web/src', pathNot: '\\.test\\.tsx?$' },
      to: {
        path: '^packages/(contract|model)/',
        pathNot:
          '^packages/(model/src/(evaluate|reading|watch|zone)|contract/src/(csv|format|sent-chart|ticks))\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Two modules that need each other are one module, or hide a third.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
