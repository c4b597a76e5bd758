import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { root } from './agent.ts'
import { temporaryFolder } from './triggers.ts'

const require = createRequire(import.meta.url)

/** A folder as `npm init -y` leaves it, with a configuration in it. */
export function project(config: string): ReturnType<typeof temporaryFolder> & { readonly config: string } {
  const folder = temporaryFolder()
  writeFileSync(join(folder.path, 'package.json'), '{"name":"shop","version":"1.0.0","type":"commonjs"}')
  mkdirSync(join(folder.path, 'node_modules/@cws'), { recursive: true })
  symlinkSync(join(root, 'core'), join(folder.path, 'node_modules/@cws/core'))
  symlinkSync(dirname(require.resolve('zod/package.json')), join(folder.path, 'node_modules/zod'))
  const file = join(folder.path, 'cws.config.ts')
  writeFileSync(file, config)
  return Object.assign(folder, { config: file })
}
