import { fileURLToPath, pathToFileURL } from 'node:url'
import type { AnyInstance } from '../plugin/instance.ts'

/**
 * Whose code an error comes from that nobody caught: the plugin whose module, or else whose package, is nearest to the top of its stack.
 * Undefined if none is there, or if it is no error at all.
 */
export function ownerOf(error: unknown, instances: readonly AnyInstance[]): string | undefined {
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').slice(1) : []
  const places = instances.map(({ name, site, package: { folder } }) => ({
    name,
    module: spellings(site.module),
    folder: spellings(folder, '/'),
  }))
  for (const part of ['module', 'folder'] as const)
    for (const frame of frames) {
      const owner = places.find((place) => place[part].some((text) => frame.includes(text)))
      if (owner) return owner.name
    }
  return undefined
}

/** A file or folder as stacks write it: by its path, or by its URL. */
function spellings(place: string, end = ''): readonly string[] {
  const path = place.startsWith('file:') ? fileURLToPath(place) : place
  return [path + end, pathToFileURL(path).href + end]
}
