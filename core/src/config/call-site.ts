import { fileURLToPath } from 'node:url'
import { getCallSites } from 'node:util'
import type { CallSite } from '../plugin/instance.ts'
import { generationOf } from './generation.ts'

/** How many callers are looked at. */
const deepest = 16

/** The innermost caller that stands in a file of the configuration's own package; undefined outside the evaluation of one. */
export function callSite(): CallSite | undefined {
  for (const site of getCallSites(deepest, { sourceMap: false }))
    if (generationOf(site.scriptName) !== undefined)
      return { file: fileURLToPath(site.scriptName), line: site.lineNumber, column: site.columnNumber }
  return undefined
}
