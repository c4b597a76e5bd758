import { defineConfig } from 'vitest/config'

const conditions = ['cws-source', 'node', 'import', 'module', 'default']

/**
 * Live tests that disturb no other and mind none: what they look for bears a name of their own, they measure nothing and let no storm loose.
 * All others are alone on the machine.
 */
const beside = [
  'core/test/**/*.live.test.ts',
  'plugins/notify-webhook/test/*.live.test.ts',
  'distributions/host/test/*.live.test.ts',
  'tests/{fuzz,packages}/*.test.ts',
  ...[
    'container',
    'faults',
    'injection',
    'kill',
    'log-servers',
    'mail-servers',
    'monitoring',
    'not-root',
    'outage',
    'privileges',
    'registry',
    'reload',
    'rules',
    'service',
    'signals',
    'systemd',
    'watchdog',
    'web-servers',
  ].map((name) => `tests/e2e/${name}.test.ts`),
]

const live = { testTimeout: 120_000, hookTimeout: 300_000, globalSetup: ['tests/support/run-folder.ts'] }

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: 'forks',
    // What it imports must come through Node's own loader, whose hooks are under test.
    server: { deps: { external: [/core\/src\/config\/import-module\.ts/] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{core,native,plugins/*,distributions/*,examples/*}/test/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.live.test.ts'],
          // The runner itself has little to do meanwhile: a core is not left to it.
          maxWorkers: '100%',
          // Properties are tried many times over; a loaded machine takes its time.
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        // They wait more than they compute: for deadlines, downloads, each other's packages. No more than the cores of the smallest machine: some hang an agent and count the seconds.
        test: { ...live, name: 'live-beside', include: beside, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          ...live,
          name: 'live',
          include: ['{core,native,bpf,plugins/*,distributions/*,examples/*}/test/**/*.live.test.ts', 'tests/**/*.test.ts'],
          exclude: beside,
          fileParallelism: false,
        },
      },
    ],
  },
})
