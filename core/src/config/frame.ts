import { readFileSync, statSync } from 'node:fs'
import { codeFrameColumns } from '@babel/code-frame'
import type { Place } from './problem.ts'

/** Larger files get no frame. Bytes. */
const largestFile = 1 << 20
/** Longer lines are not source that people read. Characters. */
const longestLine = 400

/** The lines around a place with a marker, secrets blanked; undefined if the file cannot be read. */
export function frameOf(place: Place, secrets: ReadonlySet<string>): string | undefined {
  const text = readSource(place.file)
  if (text === undefined) return undefined
  return frameOfLines(maskSource(text, secrets).split('\n'), place)
}

/** The lines around a place with a marker; control characters become `?`. `lines`: all of the source, without what nobody may see. */
export function frameOfLines(lines: readonly string[], { line, column, end }: Omit<Place, 'file'>): string | undefined {
  const first = Math.max(0, line - 3)
  const shown = lines.slice(first, line + 2).map(withoutControls)
  if (shown.some((it) => it.length > longestLine)) return undefined
  // The file may have changed since it was read.
  const last = Math.min(end?.line === line ? end.column - 1 : 0, lines[line - 1]?.length ?? 0)
  // Code frames count columns from 0.
  const start = { line, column: column - 1 }
  const location = last > column ? { start, end: { line, column: last } } : { start }
  return codeFrameColumns(shown.join('\n'), location, { linesAbove: 2, linesBelow: 2, startLine: first + 1 })
}

/** The text of a source file, undefined if it is none. */
export function readSource(file: string): string | undefined {
  try {
    const stat = statSync(file)
    return stat.isFile() && stat.size <= largestFile ? readFileSync(file, 'utf8') : undefined
  } catch {
    return undefined
  }
}

const secretKey =
  /((?:token|secret|passw(?:or)?d|passphrase|credential|webhook|api_?key|routing_?key)s?\w*["']?\s*[:=]\s*)("[^"\n]*"|'[^'\n]*'|`[^`\n]*`|[^\s"'`{}[\],(]+(?=\s*(?:[,}\n#]|$)))/gi

/**
 * Blanks the given secrets, and what stands as text beside a key that sounds like one, keeping every position. Control characters
 * become `?`, so that a frame cannot steer a terminal.
 */
export function maskSource(text: string, secrets: ReadonlySet<string>): string {
  let masked = text
  for (const secret of secrets) {
    if (secret.length > 0) masked = masked.replaceAll(secret, () => secret.replace(/[^\n]/g, '*'))
    const escaped = JSON.stringify(secret).slice(1, -1)
    if (escaped !== secret && escaped.length > 0) masked = masked.replaceAll(escaped, () => '*'.repeat(escaped.length))
  }
  masked = masked.replace(secretKey, (_, key: string, value: string) => {
    const quote = /^["'`]/.test(value) ? value[0] : ''
    return `${key}${quote}${'*'.repeat(value.length - 2 * (quote as string).length)}${quote}`
  })
  return withoutControls(masked)
}

/** Keeps every position, so that a frame cannot steer a terminal. */
function withoutControls(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (c) => (c === '\r' ? ' ' : '?'))
}
