import { existsSync, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import { configNames, explorer, type Found } from './explorer.ts'
import { assertReadable, type Evaluation, loadFile } from './load-file.ts'
import { assertTrusted } from './trust.ts'

export interface Search {
  /** A file, or a folder to look in: what `--config` or CWS_CONFIG say. */
  readonly named: string | undefined
  readonly cwd: string
  readonly root: boolean
  /** `/etc/cws`, or the user's own configuration folder. */
  readonly systemFolder: string
}

/**
 * Finds and reads the configuration: the one that was named; else, as root, that of the system's folder; else that of the project around
 * the working directory, then that of the user's folder. As root nothing is read or evaluated that others can write.
 */
export async function findConfig(search: Search, evaluation: Evaluation): Promise<Found | undefined> {
  const { named, cwd, root, systemFolder } = search
  const load = async (file: string, text: string) => {
    if (root) assertTrusted(file, 'configuration')
    return await loadFile(file, text, evaluation)
  }
  try {
    if (named !== undefined) {
      const path = resolve(cwd, named)
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
        const found = await explorer(load, 'none').search(path)
        if (found) return whole(found)
        throw new CwsError('CWS_ERR_CONFIG_NOT_FOUND', `there is no configuration in ${path}`, {
          hint: `It is named one of ${configNames.join(', ')}.`,
        })
      }
      assertReadable(path)
      // Before a byte of it is read.
      if (root) assertTrusted(path, 'configuration')
      return whole(await explorer(load, 'none').load(path))
    }
    if (!root) {
      const project = await explorer(load, 'project').search(cwd)
      if (project) return whole(project)
    }
    return whole(await explorer(load, 'none').search(systemFolder))
  } catch (error) {
    if (error instanceof CwsError || (error as { name?: unknown } | null)?.name === 'CwsError') throw error
    throw new CwsError('CWS_ERR_CONFIG_LOAD', `the configuration could not be read: ${messageOf(error)}`, { cause: error })
  }
}

function whole(found: Found | undefined): Found | undefined {
  if (found && found.loaded === undefined)
    throw new CwsError('CWS_ERR_CONFIG_LOAD', `${found.file} is empty`, {
      hint: 'A configuration lists its plugins; `cws init` writes one.',
    })
  return found
}

/** A configuration that root would have to name: one in the working directory is not taken by itself. */
export function passedOver(cwd: string): string | undefined {
  for (const name of configNames) if (existsSync(join(cwd, name))) return join(realpathSync(cwd), name)
  return undefined
}
