import type { Condition, Readable } from '@cws/core'
import type { Gate } from './gate.ts'

/** False only where the condition that it was made of is false: a look into what look-ups found, before anything is decoded or matched. */
export type Screen = (event: Readable) => boolean

/**
 * What look-ups can say of a condition: of what must all be true each part that they can say something of, of what may be true in several ways
 * every one. Undefined if that is nothing. `gateOf`: the gate of one test, where its look-up may be used.
 */
export function screenOf(condition: Condition, gateOf: (test: Condition) => Gate | undefined): Screen | undefined {
  switch (condition.op) {
    case 'and': {
      const parts = condition.of.map((part) => screenOf(part, gateOf)).filter((part) => part !== undefined)
      return parts.length > 0 ? all(parts) : undefined
    }
    case 'or': {
      const parts = condition.of.map((part) => screenOf(part, gateOf))
      return parts.every((part) => part !== undefined) ? some(parts) : undefined
    }
    default: {
      const gate = gateOf(condition)
      if (!gate) return undefined
      const { lookup } = gate
      const keys = new Set(gate.keys)
      return (event) => lookup.finds(keys, event)
    }
  }
}

function all(parts: readonly Screen[]): Screen {
  if (parts.length === 1) return parts[0] as Screen
  return (event) => {
    for (let i = 0; i < parts.length; i++) if (!(parts[i] as Screen)(event)) return false
    return true
  }
}

function some(parts: readonly Screen[]): Screen {
  if (parts.length === 1) return parts[0] as Screen
  return (event) => {
    for (let i = 0; i < parts.length; i++) if ((parts[i] as Screen)(event)) return true
    return false
  }
}
