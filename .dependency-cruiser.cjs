/** Layers import downwards only; protocols never import each other (see README, "Inside"). */
const floors = ['base', 'capture', 'link', 'stream', 'tls', 'contract', 'protocols', 'engine', 'select', 'measure', 'rewrite', 'compare', 'report', 'table', 'page', 'record', 'cli', 'library'];
const rank = (name) => floors.indexOf(name);

const upwards = floors.slice(0, -1).map((floor) => ({
  name: `${floor}-imports-upwards`,
  severity: 'error',
  from: { path: `^src/${floor}/` },
  to: { path: `^src/(${floors.filter((f) => rank(f) > rank(floor)).join('|')}|bin|worker|program|protocol|index)[/.]` },
}));

module.exports = {
  forbidden: [
    ...upwards,
    {
      name: 'sibling-protocols',
      severity: 'error',
      from: { path: '^src/protocols/([^/]+)/' },
      // what both messengers of Ceph carry is no protocol, and has a folder of its own
      to: { path: '^src/protocols/', pathNot: '^src/protocols/($1|ceph)/' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-circular-values', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: '^src/(bin|worker|program|protocol|index|types)' }, to: {} },
    { name: 'no-dev-dependencies', severity: 'error', from: {}, to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['type-only'] } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
