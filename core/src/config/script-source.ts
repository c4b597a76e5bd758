import { readSource } from './frame.ts'
import { argumentOf, findMember, wordsIn } from './literal-scan.ts'
import type { Path, Place } from './problem.ts'
import { offsetOf, placeOf, type Source, type Subject } from './source.ts'

/** The source of a configuration written in TypeScript or JavaScript: places are those of the calls, and of keys where these are literals. */
export function scriptSource(file: string): Source {
  return {
    file,
    locate: (subject) => (subject.calledFrom ? inCall(subject) : atTop(file, subject.path, subject.of)),
  }
}

function inCall({ calledFrom: call, option = [], of }: Subject): Place | undefined {
  if (!call) return undefined
  const text = readSource(call.file)
  if (text === undefined) return undefined
  const start = argumentOf(text, offsetOf(text, call.line, call.column))
  const member = start !== undefined && option.length > 0 ? findMember(text, start, option) : undefined
  return member ? placeOf(call.file, text, member[of].start, member[of].end) : call
}

function atTop(file: string, path: Path, of: 'key' | 'value'): Place | undefined {
  const text = readSource(file)
  if (text === undefined) return undefined
  const start = topObject(text)
  const member = start === undefined ? undefined : findMember(text, start, path)
  return member && placeOf(file, text, member[of].start, member[of].end)
}

/** Where the exported object's literal starts: in `defineConfig({`, `defineConfig(() => ({` or `export default {`. */
function topObject(text: string): number | undefined {
  const calls = [...wordsIn(text, /^defineConfig$/)].map((at) => argumentOf(text, at)).filter((at) => at !== undefined)
  const starts = calls.length > 0 ? calls : [...wordsIn(text, /^default$/)].map((at) => at + 'default'.length)
  if (starts.length !== 1) return undefined
  const start = starts[0] as number
  const arrow = /^\s*(?:async\s*)?(?:\([^()]*\)|[\w$]+)\s*=>\s*\(/.exec(text.slice(start, start + 400))
  return start + (arrow?.[0].length ?? 0)
}

/** The place of an import of this specifier, undefined if it is not written out. */
export function placeOfSpecifier(file: string, specifier: string): Place | undefined {
  const text = readSource(file)
  if (text === undefined) return undefined
  for (const quoted of [`'${specifier}'`, `"${specifier}"`])
    for (let at = text.indexOf(quoted); at >= 0; at = text.indexOf(quoted, at + 1))
      if (/\b(?:from|import|require)\s*\(?\s*$/.test(text.slice(Math.max(0, at - 40), at)))
        return placeOf(file, text, at, at + quoted.length)
  return undefined
}
