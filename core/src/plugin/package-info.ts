import { readFileSync } from 'node:fs'
import { dirname, join, parse } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What core reads of a plugin's package.json. */
export interface PackageInfo {
  readonly name: string
  readonly version: string
  /** Range of @cws/core that it works with, from its peer dependencies (else dependencies); undefined for code that is in no package, such as a plugin in the configuration itself. */
  readonly core: string | undefined
  /** Folder of the package.json, or of the module. */
  readonly folder: string
}

interface Manifest {
  name?: unknown
  version?: unknown
  peerDependencies?: Record<string, unknown>
  dependencies?: Record<string, unknown>
}

const known = new Map<string, PackageInfo>()

/** The package that a module belongs to: the nearest package.json with a name above it. */
export function packageInfoOf(moduleUrl: string): PackageInfo {
  const file = moduleUrl.startsWith('file:') ? fileURLToPath(moduleUrl) : ''
  const folder = file ? dirname(file) : '/'
  const cached = known.get(folder)
  if (cached) return cached
  const info = findManifest(folder) ?? { name: file ? parse(file).name : moduleUrl, version: '0.0.0', core: undefined, folder }
  known.set(folder, info)
  return info
}

/** The version that is on disk now; undefined for code that is in no package. */
export function installedVersion({ name, folder }: PackageInfo): string | undefined {
  const manifest = readManifest(join(folder, 'package.json'))
  return manifest?.name === name && typeof manifest.version === 'string' ? manifest.version : undefined
}

function findManifest(start: string): PackageInfo | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const manifest = readManifest(join(folder, 'package.json'))
    if (manifest && typeof manifest.name === 'string') {
      const core = manifest.peerDependencies?.['@cws/core'] ?? manifest.dependencies?.['@cws/core']
      return {
        name: manifest.name,
        version: typeof manifest.version === 'string' ? manifest.version : '0.0.0',
        core: typeof core === 'string' ? core : undefined,
        folder,
      }
    }
    if (folder === dirname(folder)) return undefined
  }
}

function readManifest(file: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Manifest
  } catch {
    return undefined
  }
}

/** `@cws/plugin-notify-slack` → `slack`, `@cws/plugin-fim` → `fim`, `cws-plugin-usb` → `usb`, `@acme/cws-plugin-usb` → `usb`. */
export function shortName(packageName: string): string {
  return packageName
    .replace(/^@[^/]+\//, '')
    .replace(/^cws-/, '')
    .replace(/^plugin-/, '')
    .replace(/^notify-/, '')
}
