import { lstat, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

const exists = async (path: string): Promise<boolean> => {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/**
 * Renames PATH to PATH.1, PATH.1 to PATH.2 and so on; the last one of `keep` goes. Whoever ends it in between leaves a gap, which the next rotation fills:
 * nothing but the last file ever goes.
 */
export async function rotate(path: string, keep: number): Promise<void> {
  let free = 1
  while (free < keep && (await exists(`${path}.${free}`))) free++
  for (let number = free; number > 1; number--) await rename(`${path}.${number - 1}`, `${path}.${number}`)
  await rename(path, `${path}.1`)
  await syncFolder(dirname(path))
}

/** Makes names durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
