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
  return packages.map((it) => ({ ...it, ...pack(root, it, into) }))
}

/** Files that packages carry and that are in the repository but once: the licence, and the schema for those who have the agent and no clone. */
const lentTo = (name: string): readonly string[] => ['LICENSE', ...(name === '@cws/agent' ? ['docs/schema/cws.config.schema.json'] : [])]

function pack(root: string, { folder, manifest }: Package, into: string): Pick<Packed, 'tarball' | 'files'> {
  const lent = lentTo(manifest.name)
    .map((file) => ({ from: join(root, file), to: join(root, folder, basename(file)) }))
    .filter(({ to }) => !existsSync(to))
  for (const { from, to } of lent) copyFileSync(from, to)
  try {
    const json = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', into], {
      cwd: join(root, folder),
      env: plainEnvironment(),
      encoding: 'utf8',
    })
    const [packed] = JSON.parse(json) as [{ filename: string; files: { path: string }[] }]
    return { tarball: join(into, packed.filename), files: packed.files.map(({ path }) => path).sort() }
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
