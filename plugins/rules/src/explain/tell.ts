import { type Decision, UNKNOWN } from '@cws/core'
import { type Cell, line, styled } from '@cws/core/cli'

/** Characters of a text or a value that are shown: lists of names are long. */
const MOST = 160

/** A condition as a tree: the truth of each part, what was read for it, and which parts decide. */
export function tellDecision(decision: Decision, indent = ''): void {
  const { text, truth, decides, values, of } = decision
  const mark = decides ? styled('bold', '▸') : ' '
  const word = truth === UNKNOWN ? styled('yellow', 'unknown') : styled(truth ? 'green' : 'red', String(truth).padEnd(7))
  line(mark, word, `${indent}${decides ? cut(text) : ''}`, ...(decides ? [] : [styled('dim', cut(text))]))
  for (const [name, value] of Object.entries(values)) {
    const cells: Cell[] = [styled('cyan', name), '=', styled('dim', shown(value))]
    if (name !== text) line(' ', ' '.repeat(7), `${indent}   `, ...cells)
  }
  for (const part of of) tellDecision(part, `${indent}  `)
}

/** A value in one line, not too long. */
export function shown(value: unknown): string {
  return cut(value === UNKNOWN || value === null ? 'UNKNOWN' : JSON.stringify(value, plain))
}

/** For JSON: UNKNOWN is null, whole numbers of any size are numbers or texts. */
export function plain(_key: string, value: unknown): unknown {
  if (value === UNKNOWN) return null
  return typeof value === 'bigint' ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)) : value
}

const cut = (text: string): string => (text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text)
