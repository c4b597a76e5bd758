/** The packages of this repository: which are published, in which order, and how they pin each other. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import semver from 'semver'

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly files?: readonly string[]
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export interface Package {
  /** Relative to the repository's root. */
  readonly folder: string
  readonly manifest: Manifest
  /** A third party's plugin: published by its author, not with the others. */
  readonly example: boolean
}

/** All that are published, in the order in which they must be: each after those that it depends on. */
export function packagesOf(root: string): readonly Package[] {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { workspaces: string[] }
  const found = globSync(
    workspaces.map((pattern) => `${pattern}/package.json`),
    { cwd: root },
  )
    .sort()
    .map((file): Package => {
      const manifest = JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest
      return { folder: dirname(file), manifest, example: file.startsWith('examples/') }
    })
  return inOrder(found.filter(({ manifest }) => !manifest.private))
}

/** @throws Error if two depend on each other. */
export function inOrder(packages: readonly Package[]): readonly Package[] {
  const ordered = new Set<Package>()
  const byName = new Map(packages.map((it) => [it.manifest.name, it]))
  const visit = (it: Package, path: readonly string[]): void => {
    const { name, dependencies, optionalDependencies, peerDependencies } = it.manifest
    if (path.includes(name)) throw new Error(`packages depend on each other: ${[...path, name].join(' → ')}`)
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const other = byName.get(needed)
      if (other && !ordered.has(other)) visit(other, [...path, name])
    }
    ordered.add(it)
  }
  for (const it of packages) visit(it, [])
  return [...ordered]
}

/** What is wrong with how packages name each other: our own move in step, so they are pinned exactly; peers take a range that holds. */
export function pinFaults(packages: readonly Package[]): readonly string[] {
  const versions = new Map(packages.map(({ manifest }) => [manifest.name, manifest.version]))
  return packages.flatMap(({ manifest, example }) => {
    const faults: string[] = []
    for (const kind of ['dependencies', 'optionalDependencies', 'devDependencies'] as const)
      for (const [name, range] of Object.entries(manifest[kind] ?? {}))
        if (versions.has(name) && range !== versions.get(name))
          faults.push(`${manifest.name}: ${kind} has ${name} ${range}, not exactly ${versions.get(name)}`)
    for (const [name, range] of Object.entries(manifest.peerDependencies ?? {}))
      if (!semver.satisfies(versions.get(name) ?? '', range)) faults.push(`${manifest.name}: its peer ${name} ${range} is not the one here`)
    if (example && Object.keys(manifest.dependencies ?? {}).some((name) => versions.has(name)))
      faults.push(`${manifest.name}: a third party's plugin has @cws/core as its peer`)
    return faults
  })
}
