/** Folders of `src` and the folders that each may use besides itself. Whatever is not listed is forbidden. */
const arrows = {
  base: [],
  settings: ['base'],
  report: ['base', 'settings'],
  proxmox: ['base', 'settings'],
  dns: ['base', 'settings'],
  records: ['base', 'settings'],
  lifecycle: ['base', 'settings', 'report', 'proxmox', 'dns', 'records'],
  duties: ['base', 'settings', 'report', 'proxmox', 'dns', 'records', 'lifecycle'],
  doctor: ['base', 'settings', 'proxmox', 'dns', 'records', 'lifecycle'],
  engine: ['base', 'settings', 'report', 'proxmox', 'dns', 'records', 'lifecycle', 'duties'],
  cli: ['base', 'settings', 'report', 'proxmox', 'dns', 'records', 'lifecycle', 'duties', 'engine', 'doctor'],
};

const layers = Object.entries(arrows).map(([from, allowed]) => ({
  name: `arrows-of-${from}`,
  comment: `src/${from} may use only ${[from, ...allowed].join(', ')}.`,
  severity: 'error',
  from: { path: `^src/${from}/`, pathNot: '^src/cli/(demo/|commands/simulator\\.ts$)' },
  to: { path: '^src/', pathNot: `^src/(${[from, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'every-folder-has-arrows',
      comment: 'A new folder of src needs a row in the table above.',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${[...Object.keys(arrows), 'simulator'].join('|')})/` },
      to: {},
    },
    {
      name: 'simulator-is-the-other-side',
      comment: 'The simulator must not share the bugs of what it tests: it may use only the clock.',
      severity: 'error',
      from: { path: '^src/simulator/' },
      to: { path: '^(src|migrations)/', pathNot: '^src/(simulator/|base/clock\\.ts$)' },
    },
    {
      name: 'simulator-only-by-its-commands',
      comment: 'What drives the simulator is reached through `vmctl demo` alone, so that no other command can.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/(commands/demo\\.ts$|demo/)' },
      to: { path: '^src/cli/demo/' },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'product-does-not-know-its-tests',
      severity: 'error',
      from: { path: '^(src|migrations|bin)/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'migrations-belong-to-records',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/records/' },
      to: { path: '^migrations/' },
    },
    {
      name: 'product-runs-without-development-packages',
      severity: 'error',
      from: { path: '^(src|migrations|bin)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'everything-is-found',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^\\.\\./dist/' },
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
