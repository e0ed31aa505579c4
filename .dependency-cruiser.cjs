// The arrows between folders. Data flows one way: source -> snapshot -> store -> snapshot -> gateway.
// Each folder may import the ones named for it, and no other; a new folder must be named here.
const may = {
  bundle: [],
  contract: [],
  errors: [],
  runtime: ['errors', 'contract'],
  snapshot: ['errors'],
  protocol: ['errors', 'contract', 'runtime', 'snapshot'],
  store: ['errors', 'contract', 'runtime'],
  gateway: ['errors', 'contract', 'runtime', 'snapshot'],
  source: ['errors', 'contract', 'runtime', 'snapshot', 'protocol'],
  'control-plane': ['errors', 'contract', 'runtime', 'snapshot', 'protocol'],
  exporter: ['errors', 'contract', 'runtime', 'snapshot', 'source', 'store'],
  importer: ['errors', 'contract', 'runtime', 'snapshot', 'source', 'store', 'gateway'],
  demo: ['errors', 'contract', 'runtime', 'snapshot', 'protocol', 'source', 'control-plane', 'gateway', 'store'],
  cli: ['errors', 'contract', 'runtime', 'snapshot', 'source', 'store', 'exporter', 'importer', 'gateway', 'demo'],
};

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(may).map(([folder, allowed]) => ({
      name: `arrows-of-${folder}`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
    })),
    {
      name: 'every-folder-is-named',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${Object.keys(may).join('|')})/` },
      to: {},
    },
    { name: 'no-tests-in-the-product', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
