/**
 * Builds all packages anew and packs them, in the order in which they are to be published.
 *   node scripts/pack.ts FOLDER     prints one tarball a line
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
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

/** Every package carries the licence; only one file of it is in the repository. */
function pack(root: string, { folder }: Package, into: string): Pick<Packed, 'tarball' | 'files'> {
  const licence = join(root, folder, 'LICENSE')
  const lent = !existsSync(licence)
  if (lent) copyFileSync(join(root, 'LICENSE'), licence)
  try {
    const json = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', into], {
      cwd: join(root, folder),
      env: plainEnvironment(),
      encoding: 'utf8',
    })
    const [packed] = JSON.parse(json) as [{ filename: string; files: { path: string }[] }]
    return { tarball: join(into, packed.filename), files: packed.files.map(({ path }) => path).sort() }
  } finally {
    if (lent) rmSync(licence)
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
