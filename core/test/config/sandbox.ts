import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { type Composition, type LoadOptions, loadComposition } from '../../src/config/load-composition.ts'
import { CwsError } from '../../src/errors/cws-error.ts'

const core = fileURLToPath(new URL('../..', import.meta.url))

/** A folder as `npm init -y` leaves it, with @cws/core installed and the given files, gone after the test. */
export function sandbox(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'cws-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  write(folder, { 'package.json': '{"name":"shop","version":"1.0.0","type":"commonjs"}', ...files })
  mkdirSync(join(folder, 'node_modules/@cws'), { recursive: true })
  symlinkSync(core, join(folder, 'node_modules/@cws/core'))
  symlinkSync(dirname(createRequire(core).resolve('zod/package.json')), join(folder, 'node_modules/zod'))
  return folder
}

export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

/** Loads the configuration of a folder as a user does who is not root. */
export function load(folder: string, options: Partial<LoadOptions> = {}): Promise<Composition> {
  return loadComposition({ cwd: folder, root: false, env: {}, systemFolder: join(folder, 'nowhere'), ...options })
}

/** The error that loading ends with; fails if it loads. */
export async function refusal(folder: string, options: Partial<LoadOptions> = {}): Promise<CwsError> {
  const outcome = await load(folder, options).catch((error: unknown) => error)
  if (outcome instanceof CwsError || (outcome as Error).name === 'CwsError') return outcome as CwsError
  throw new Error('expected a CwsError', { cause: outcome })
}

/** Plugins as packages of other people: a detector with options, a notifier with a secret. */
export const plugins: Readonly<Record<string, string>> = {
  'node_modules/@cws/plugin-fim/package.json':
    '{"name":"@cws/plugin-fim","version":"0.3.0","type":"module","exports":"./index.js","peerDependencies":{"@cws/core":"^0.1.0"}}',
  'node_modules/@cws/plugin-fim/index.js': `
    import { definePlugin } from '@cws/core'
    import { z } from 'zod'
    export default definePlugin(import.meta, {
      options: z.object({
        watch: z.array(z.string()).default(['/etc/**']),
        hash: z.enum(['sha256', 'none']).default('sha256'),
        limits: z.object({ files: z.int().positive().default(1000) }).default({ files: 1000 }),
        onChange: z.function().optional(),
      }),
      setup() {},
    })`,
  'node_modules/cws-plugin-pager/package.json':
    '{"name":"cws-plugin-pager","version":"2.0.0","type":"module","exports":{"import":"./index.js"},"peerDependencies":{"@cws/core":">=0.1.0 <2"}}',
  'node_modules/cws-plugin-pager/index.js': `
    import { defineNotifier, secret } from '@cws/core'
    import { z } from 'zod'
    export default defineNotifier(import.meta, {
      options: z.object({
        token: secret('Token of the pager'),
        url: z.url().optional(),
        format: z.any().optional(),
        people: z.array(z.string()).optional(),
      }),
      mentions: ({ people = [] }) => ({ channel: 'pager', ids: people }),
      setup: () => ({ deliver: async () => ({ result: 'delivered' }) }),
    })`,
  'node_modules/cws-plugin-old/package.json':
    '{"name":"cws-plugin-old","version":"9.9.9","type":"module","exports":"./index.js","peerDependencies":{"@cws/core":"^7.0.0"}}',
  'node_modules/cws-plugin-old/index.js': `import { definePlugin } from '@cws/core'; export default definePlugin(import.meta, { setup() {} })`,
}
