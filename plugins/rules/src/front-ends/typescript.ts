import { readFileSync } from 'node:fs'
import { CwsError } from '@cws/core'

/** Endings of the files that this front end reads. */
export const endings: readonly string[] = ['.ts', '.mts', '.js', '.mjs']

/** The rules and detections in a pack, a list or a single one, unchecked. Undefined if the value is none of these. */
export function rulesIn(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value.flatMap((one) => rulesIn(one) ?? [one])
  if (typeof value !== 'object' || value === null) return undefined
  const { rules, detections, id, on } = value as { rules?: unknown; detections?: unknown; id?: unknown; on?: unknown }
  if (Array.isArray(rules)) return Array.isArray(detections) ? [...rules, ...detections] : rules
  return id !== undefined || on !== undefined ? [value] : undefined
}

/**
 * The rules that a module exports: by default, or by name.
 * @throws CwsError CWS_ERR_RULE if there are none.
 */
export function rulesOfModule(module: Readonly<Record<string, unknown>>): readonly unknown[] {
  const found = new Set(rulesIn(module['default']) ?? [])
  for (const [name, value] of Object.entries(module))
    if (name !== 'default' && !Array.isArray(value)) for (const rule of rulesIn(value) ?? []) found.add(rule)
  if (found.size === 0)
    throw new CwsError('CWS_ERR_RULE', 'the module exports no rules', { hint: 'Write `export default defineRule({ … })`.' })
  return [...found]
}

/** Where files give rules their ids; each file is read once. */
export class RuleLines {
  readonly #files = new Map<string, ReadonlyMap<string, number | undefined>>()

  /** The line, from 1, on which a file gives a rule its id as text; undefined where it is computed, or stands there twice. */
  of(file: string, id: string): number | undefined {
    const known = this.#files.get(file) ?? linesIn(file)
    this.#files.set(file, known)
    return known.get(id)
  }
}

/** What says `id: TEXT`. */
const ID = /(?:^|[^\w$])["']?id["']?\s*:\s*(?:'([^']*)'|"([^"]*)"|`([^`]*)`)/g

function linesIn(file: string): ReadonlyMap<string, number | undefined> {
  const lines = new Map<string, number | undefined>()
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries())
    for (const [, ...quoted] of line.matchAll(ID)) {
      const id = quoted.find((text) => text !== undefined) as string
      lines.set(id, lines.has(id) ? undefined : index + 1)
    }
  return lines
}
