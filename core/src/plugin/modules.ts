import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { evaluationError } from '../config/evaluation-error.ts'
import { CwsError } from '../errors/cws-error.ts'

/** Rises with every composition, so that a reload evaluates files anew. Apart from the numbers that configurations use. */
let generations = 1_000_000_000

/** Imports what the options of plugins name: files from the configuration's folder, packages from there or from the agent's own installation. */
export class Modules {
  readonly folder: string
  readonly #generation = ++generations

  constructor(folder: string) {
    this.folder = resolve(folder)
  }

  /** @throws CwsError CWS_ERR_PLUGIN_NOT_FOUND if no such package is installed; CWS_ERR_CONFIG_LOAD with the place if a file does not evaluate. */
  async import(specifier: string): Promise<Record<string, unknown>> {
    const url = this.#urlOf(specifier)
    try {
      return (await import(/* @vite-ignore */ url)) as Record<string, unknown>
    } catch (error) {
      if (!isFile(specifier)) throw error
      const file = resolve(this.folder, specifier)
      throw evaluationError(relative(this.folder, file), existsSync(file) ? realpathSync(file) : file, error)
    }
  }

  #urlOf(specifier: string): string {
    if (isFile(specifier)) {
      const url = pathToFileURL(resolve(this.folder, specifier))
      url.searchParams.set('cws', String(this.#generation))
      return url.href
    }
    for (const from of [join(this.folder, 'cws.config.js'), import.meta.url]) {
      try {
        return pathToFileURL(createRequire(from).resolve(specifier)).href
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
      }
    }
    throw new CwsError('CWS_ERR_PLUGIN_NOT_FOUND', `the package "${specifier}" is not installed`, {
      hint: `Run \`npm install ${specifier}\` in ${this.folder}.`,
    })
  }
}

const isFile = (specifier: string): boolean => isAbsolute(specifier) || /^\.{1,2}\//.test(specifier)
