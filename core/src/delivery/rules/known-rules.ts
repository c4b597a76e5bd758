import type { DatabaseSync } from 'node:sqlite'
import { nearest } from '../../model/nearest.ts'
import type { Makeup } from '../../notifications/makeup.ts'
import type { SignalStore } from '../store/store.ts'

/** Of rules that nobody knows, as many are named. */
const MAX_NAMED = 5

/**
 * What is to be said of ids of rules of which nothing is known: neither are they at work, as far as plugins say what they work by, nor is a signal of them
 * stored. Where no plugin says it, nothing.
 */
export function unknownRules(store: SignalStore, ids: readonly string[]): readonly string[] {
  const makeup = store.makeup()
  const working = makeup === undefined ? [] : Object.keys((JSON.parse(makeup) as Makeup).rules)
  if (working.length === 0) return []
  const known = new Set([...working, ...(store.consult(rulesOfSignals) ?? [])])
  return ids
    .filter((id) => !known.has(id))
    .slice(0, MAX_NAMED)
    .map((id) => {
      const guess = nearest(id, known)
      const hint = guess === undefined ? '`cws rules list` shows those that are at work' : `did you mean "${guess}"?`
      return `no rule "${id}" is at work, and no signal of one is stored; ${hint}`
    })
}

const rulesOfSignals = (database: DatabaseSync): readonly string[] =>
  (database.prepare('SELECT DISTINCT rule FROM signals').all() as unknown as { readonly rule: string }[]).map(({ rule }) => rule)
