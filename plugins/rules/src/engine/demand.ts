import { type Condition, type Field, fieldsIn, type Matcher, required } from '@cws/core'
import { literalsOf } from './literals.ts'

/** What a field's value is looked up by: the whole of it, or a text that it contains. */
export type Key =
  | { readonly whole: string | number | bigint | boolean }
  | { /** In lower case: it is looked for without regard to case. */ readonly part: string }

/** Of one field: unless its value is one of these, or contains one, the condition is false. */
export interface Demand {
  readonly field: string
  readonly keys: readonly Key[]
  /** How well it selects: the characters of its shortest part; of whole values more than of any part. */
  readonly weight: number
}

type Fields = ReadonlyMap<string, Field>

const WHOLE = 1000
/** Longer parts select no better, and cost memory by the character. */
const MAX_PART = 64

/** Everything that a condition demands of some field in a form that can be looked up; the best comes first. */
export function demandsOf(condition: Condition, fields: Fields): Demand[] {
  const demands: Demand[] = []
  for (const field of fieldsIn(condition)) {
    const declared = fields.get(field)
    // What is compared without case is not found by its letters.
    const keys = declared && !declared.caseless && keysOf(required(condition, field), declared)
    if (keys) demands.push({ field, keys, weight: weightOf(keys) })
  }
  return demands.sort((a, b) => b.weight - a.weight || a.keys.length - b.keys.length)
}

/**
 * Demands of which one must be fulfilled, else the condition is false: a single one where one field decides, else one of each alternative.
 * Undefined if there are none among those that can be used.
 */
export function alternativesOf(condition: Condition, fields: Fields, isUsable: (demand: Demand) => boolean): readonly Demand[] | undefined {
  const one = demandsOf(condition, fields).find(isUsable)
  if (one) return [one]
  if (condition.op === 'and') {
    for (const part of condition.of) {
      const found = alternativesOf(part, fields, isUsable)
      if (found) return found
    }
  }
  if (condition.op !== 'or') return undefined
  const parts = condition.of.map((part) => alternativesOf(part, fields, isUsable))
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined
}

function keysOf(demand: ReturnType<typeof required>, { field: kind }: Field): readonly Key[] | undefined {
  if (!demand) return undefined
  const isText = kind === 'string' || kind === 'path'
  const keys: Key[] = []
  for (const one of demand) {
    // What is said of a matcher besides changes what it matches.
    if (Object.keys(one).length !== 2) return undefined
    if (one.kind === 'value') {
      if ((typeof one.value === 'string') !== isText) return undefined
      keys.push({ whole: one.value })
    } else if (!isText) return undefined
    else if (one.kind === 'exact') keys.push({ whole: one.text })
    else {
      const parts = literalsOf(one as Matcher)
      if (!parts) return undefined
      for (const part of parts) keys.push({ part: part.slice(0, MAX_PART).toLowerCase() })
    }
  }
  return keys
}

function weightOf(keys: readonly Key[]): number {
  return keys.reduce((least, key) => Math.min(least, 'part' in key ? key.part.length : WHOLE), WHOLE)
}
