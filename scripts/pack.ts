/**
 * Builds all packages anew and packs them, in the order in which they are to be published.
 *   node scripts/pack.ts FOLDER     prints one tarball a line
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { type Package, packagesOf, pinFaults } from './packages.ts'

export interface Packed extends Package {
  readonly tarball: string
  /** Paths in the package. */
  readonly files: readonly string[]
}

/** npm's own variables, when this runs below npm, would configure the npm that it starts. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_')))
}

/** @throws Error if the packages do not pin each other, or do not build. */
export function packAll(root: string, into: string): readonly Packed[] {
  const packages = packagesOf(root)
  const faults = pinFaults(packages)
  if (faults.length > 0) throw new Error(faults.join('\n'))
  mkdirSync(into, { recursive: true })
  // What is left of sources that are gone must not be published.
  for (const { folder } of packages) rmSync(join(root, folder, 'dist'), { recursive: true, force: true })
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-b', 'tsconfig.build.json'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  return pack(root, packages, into)
}

/** Files that packages carry and that are in the repository but once: the licence, and the schema for those who have the agent and no clone. */
const lentTo = (name: string): readonly string[] => ['LICENSE', ...(name === '@cws/agent' ? ['docs/schema/cws.config.schema.json'] : [])]

/** All by one npm: most of the time of packing one is npm's own start. */
function pack(root: string, packages: readonly Package[], into: string): readonly Packed[] {
  const lent = packages
    .flatMap(({ folder, manifest: { name } }) =>
      lentTo(name).map((file) => ({ from: join(root, file), to: join(root, folder, basename(file)) })),
    )
    .filter(({ to }) => !existsSync(to))
  for (const { from, to } of lent) copyFileSync(from, to)
  try {
    const which = packages.flatMap(({ manifest: { name } }) => ['--workspace', name])
    const json = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', into, ...which], {
      cwd: root,
      env: plainEnvironment(),
      encoding: 'utf8',
    })
    const packed = new Map(
      (JSON.parse(json) as readonly { name: string; filename: string; files: readonly { path: string }[] }[]).map((it) => [it.name, it]),
    )
    return packages.map((it) => {
      const made = packed.get(it.manifest.name)
      if (!made) throw new Error(`npm did not pack ${it.manifest.name}`)
      return { ...it, tarball: join(into, made.filename), files: made.files.map(({ path }) => path).sort() }
    })
  } finally {
    for (const { to } of lent) rmSync(to)
  }
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2)
  if (!folder) {
    console.error('usage: node scripts/pack.ts FOLDER')
    process.exit(2)
  }
  for (const { tarball } of packAll(resolve(import.meta.dirname, '..'), resolve(folder))) console.log(tarball)
}
