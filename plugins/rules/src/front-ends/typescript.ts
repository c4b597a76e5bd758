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

/** The line, from 1, on which a file gives a rule its id as text; undefined where it is computed, or stands there twice. */
export function lineOfRule(file: string, id: string): number | undefined {
  const lines = readFileSync(file, 'utf8').split('\n')
  const found = lines.flatMap((line, index) => ([`'${id}'`, `"${id}"`, `\`${id}\``].some((text) => isId(line, text)) ? [index + 1] : []))
  return found.length === 1 ? found[0] : undefined
}

/** Whether a line says `id: TEXT`. */
function isId(line: string, text: string): boolean {
  const at = line.indexOf(text)
  return at > 0 && /(?:^|[^\w$])["']?id["']?\s*:\s*$/.test(line.slice(0, at))
}
