import { isAbsolute, relative } from 'node:path'

/** True if the path lies in the folder. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && !way.startsWith('..') && !isAbsolute(way)
}
