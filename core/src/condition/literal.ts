import type { Field } from '../model/field.ts'
import type { Matcher } from './ir.ts'
import { problemOfRegex } from './regex-steps.ts'

/** Says what is wrong with a condition; the front end knows where. */
export type Fail = (message: string, candidates?: Iterable<string>) => never

const MAX_TEXT = 8192
const MAX_SEGMENTS = 1363
const MAX_SEGMENT_BYTES = 255
const MAX_SHORT_NAME = 16
/** The kernel keeps so much of them. */
const SHORT_NAME = /(?:^|\.)bpf\.(?:map|prog)\.name$/
/** Values have their dot: `.php`. Rules may leave it out. */
const EXTENSION = /\.file\.extension$/

/** A text that the field must equal; `wild` if its stars are wildcards. */
export function textMatcher(name: string, field: Field, text: string, wild: boolean, fail: Fail): Matcher {
  if (text.length > MAX_TEXT) fail(`a text for ${name} is longer than ${MAX_TEXT} characters`)
  const problem = problemOf(name, field, text)
  if (problem) fail(problem)
  if (EXTENSION.test(name) && text !== '' && !text.startsWith('.')) return textMatcher(name, field, `.${text}`, wild, fail)
  if (!wild || !text.includes('*')) return { kind: 'exact', text }
  if (field.field === 'path') return { kind: 'glob', text }
  if (text.includes('**')) fail(`${name} is no path: write one star, \`**\` crosses segments of paths only`)
  return { kind: 'pattern', text }
}

/** A regular expression found anywhere in the text. RE2 syntax: no back-references, no look-around, hence linear time. */
export function regexMatcher(name: string, text: string, fail: Fail): Matcher {
  if (text.length > MAX_TEXT) fail(`a regular expression for ${name} is longer than ${MAX_TEXT} characters`)
  const problem = problemOfRegex(text)
  if (problem) fail(`invalid regular expression for ${name}: ${problem}`)
  return { kind: 'regex', text }
}

/** A number as the field has it: `number` for int, `bigint` for int64. */
export function numberFor(name: string, field: Field, value: number | bigint, fail: Fail): number | bigint {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) fail(`${name} is an integer, not ${value}`)
  const big = BigInt(value)
  if (field.field === 'int64') {
    if (BigInt.asIntN(64, big) !== big && BigInt.asUintN(64, big) !== big) fail(`${value} for ${name} does not fit 64 bits`)
    return big
  }
  const small = Number(big)
  if (!Number.isSafeInteger(small)) fail(`${value} is out of range for ${name}`)
  return small
}

/** Why a text can never be the value of a field. */
function problemOf(name: string, field: Field, text: string): string | undefined {
  if (SHORT_NAME.test(name) && Buffer.byteLength(text) > MAX_SHORT_NAME) return `${name} holds no more than ${MAX_SHORT_NAME} characters`
  if (field.field === 'path' || (name.endsWith('.path') && !name.endsWith('.syscall.path'))) return problemOfPath(name, text)
  return undefined
}

/** Paths are compared as the kernel writes them: what it would never write can never match. */
function problemOfPath(name: string, text: string): string | undefined {
  if (text === '' || text === '/' || text.startsWith('memfd:')) return undefined
  const segments = text.split('/')
  if (text === '*') return `\`*\` for ${name} would match every path in the root folder alone; write \`/**\``
  if (!text.startsWith('/') && !text.startsWith('*')) return `${name} holds absolute paths: ${JSON.stringify(text)} never matches`
  if (segments.length > MAX_SEGMENTS) return `a path for ${name} has more than ${MAX_SEGMENTS} segments`
  for (const [i, segment] of segments.entries()) {
    if (segment === '..' || segment === '.' || (segment === '' && i > 0))
      return `${name} holds clean paths, without "..", "." and empty segments: ${JSON.stringify(text)} never matches`
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `a segment of a path for ${name} is longer than ${MAX_SEGMENT_BYTES} bytes`
  }
  return undefined
}
