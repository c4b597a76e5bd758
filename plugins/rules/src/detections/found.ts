import type { FoundRule } from '../collect.ts'
import { isDetection } from './shape.ts'

/** Rules and detections stand in the same lists. */
export function partition(found: readonly FoundRule[]): { rules: readonly FoundRule[]; detections: readonly FoundRule[] } {
  return {
    rules: found.filter(({ rule }) => !isDetection(rule)),
    detections: found.filter(({ rule }) => isDetection(rule)),
  }
}

/** What is not said of one of these, by id. */
export function without<V>(changes: Readonly<Record<string, V>>, found: readonly FoundRule[]): Record<string, V> {
  const ids = new Set(found.map(({ rule }) => (rule as { id?: unknown }).id))
  return Object.fromEntries(Object.entries(changes).filter(([id]) => !ids.has(id)))
}
