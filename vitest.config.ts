import { defineConfig } from 'vitest/config'

const conditions = ['cws-source', 'node', 'import', 'module', 'default']

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
          // Properties are tried many times over; a loaded machine takes its time.
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'live',
          include: ['{core,native,bpf,plugins/*,distributions/*,examples/*}/test/**/*.live.test.ts', 'tests/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
