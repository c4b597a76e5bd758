import type { CallSite } from '../plugin/instance.ts'
import type { Path, Place } from './problem.ts'

/** What a problem is about. */
export interface Subject {
  /** Path in the configuration: to the plugin's entry if `option` is given. */
  readonly path: Path
  /** Path in the options of the plugin that is listed there. */
  readonly option?: Path
  /** The call that made the plugin, where it is known. */
  readonly calledFrom?: CallSite | undefined
  /** Whether the key or the value is at fault. */
  readonly of: 'key' | 'value'
}

/** The file that a configuration came from. */
export interface Source {
  readonly file: string
  /** The place of a subject, or of the nearest thing around it that is certain. */
  locate(subject: Subject): Place | undefined
}

/** Line and column, from 1, of an offset. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - (before.lastIndexOf('\n') + 1) + 1 }
}

/** The offset of a line and column. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0
  for (let i = 1; i < line; i++) {
    const end = text.indexOf('\n', start)
    if (end < 0) return text.length
    start = end + 1
  }
  return start + column - 1
}

export function placeOf(file: string, text: string, start: number, end: number): Place {
  return { file, ...lineAndColumn(text, start), end: lineAndColumn(text, end) }
}
