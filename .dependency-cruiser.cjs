// The arrows between folders. Data flows one way: source -> snapshot -> store -> snapshot -> gateway.
// Each folder may import the ones named for it, and no other; a new folder must be named here.
const may = {
  bundle: [],
  lambda: ['errors', 'contract'],
  contract: [],
  errors: [],
  runtime: ['errors', 'contract'],
  snapshot: ['errors'],
  protocol: ['errors', 'contract', 'runtime', 'snapshot'],
  store: ['errors', 'contract', 'runtime'],
  vaults: ['errors', 'contract', 'runtime'],
  gateway: ['errors', 'contract', 'runtime', 'snapshot'],
  source: ['errors', 'contract', 'runtime', 'snapshot', 'protocol'],
  'control-plane': ['errors', 'contract', 'runtime', 'snapshot', 'protocol'],
  exporter: ['errors', 'contract', 'runtime', 'snapshot', 'source', 'store'],
  importer: ['errors', 'contract', 'runtime', 'snapshot', 'source', 'store', 'gateway'],
  demo: ['errors', 'contract', 'runtime', 'snapshot', 'protocol', 'source', 'control-plane', 'gateway', 'store'],
  cli: [
    'errors',
    'contract',
    'runtime',
    'snapshot',
    'source',
    'store',
    'vaults',
    'exporter',
    'importer',
    'gateway',
    'demo',
  ],
};

/** The same for the constructs; of src/ they may import contract/ alone. A cloud's index passes on what is the same on all. */
const constructsMay = {
  problems: [],
  artefact: [],
  environment: ['problems'],
  topology: ['problems', 'environment'],
  kubernetes: ['problems', 'artefact', 'environment', 'topology'],
  machine: ['problems', 'artefact', 'environment', 'topology'],
  aws: ['problems', 'artefact', 'environment', 'topology'],
  google: ['problems', 'artefact', 'environment', 'topology'],
  minio: ['problems', 'environment', 'topology'],
  rules: ['problems', 'environment', 'topology'],
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
    ...Object.entries(constructsMay).map(([folder, allowed]) => ({
      name: `arrows-of-constructs-${folder}`,
      severity: 'error',
      from: { path: `^constructs/${folder}/` },
      to: {
        path: '^constructs/',
        pathNot: `^constructs/(${[folder, ...allowed].join('|')})/${allowed.includes('topology') ? '|^constructs/index\\.ts$' : ''}`,
      },
    })),
    {
      name: 'every-construct-folder-is-named',
      severity: 'error',
      from: { path: '^constructs/', pathNot: `^constructs/((${Object.keys(constructsMay).join('|')})/|index\\.ts$)` },
      to: {},
    },
    {
      name: 'constructs-need-the-contract-alone',
      severity: 'error',
      from: { path: '^constructs/' },
      to: { path: '^src/', pathNot: '^src/contract/' },
    },
    { name: 'the-agent-needs-no-constructs', severity: 'error', from: { path: '^src/' }, to: { path: '^constructs/' } },
    {
      name: 'one-cloud-loads-no-other',
      severity: 'error',
      from: { path: '^constructs/', pathNot: '^constructs/(aws|google)/' },
      to: { path: 'node_modules/@cdktf/' },
    },
    { name: 'no-test-needs-chaos', severity: 'error', from: { path: '^test/' }, to: { path: '^chaos/' } },
    {
      name: 'no-tests-in-the-product',
      severity: 'error',
      from: { path: '^(src|constructs)/' },
      to: { path: '^(test|chaos)/' },
    },
    {
      name: 'nothing-needs-the-benchmark',
      severity: 'error',
      from: { path: '^(src|constructs|test)/', pathNot: '^test/bench/' },
      to: { path: '^bench/' },
    },
    {
      name: 'the-benchmark-needs-no-tests',
      severity: 'error',
      from: { path: '^bench/' },
      to: { path: '^test/', pathNot: '^test/support/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
  },
};
