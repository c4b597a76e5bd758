import type { Signal } from '@cws/core'
import { line, styled } from '@cws/core/cli'
import type { CheckedDetection } from '../detections/check.ts'
import { shown } from './tell.ts'

/** In words what a detection looks for. */
export function wordsOf({ kind, steps, by, count, value, time }: CheckedDetection): string {
  const rules = steps.map((step) => step.join(' or '))
  const shared = by.length > 0 ? `, each time with the same ${by.join(', ')}` : ''
  switch (kind) {
    case 'sequence':
      return `${rules.join(', then ')}, within ${time}${shared}`
    case 'threshold':
      return `${count} ${value === undefined ? 'findings' : `different values of ${value}`} of ${rules.join(', ')}, within ${time}${shared}`
    case 'new-value':
      return `a value of ${value} that is new after ${time} of learning, in findings of ${rules.join(', ')}${shared}`
  }
}

/** From which findings a detection concluded a signal: `cws rules explain` says of each why its own rule fired, if it is given that one's signal. */
export function tellConclusion({ rule, group, findings = [] }: Signal, looksFor: string | null): void {
  line(
    styled('bold', rule.id),
    `is a detection, and concluded this from ${findings.length === 1 ? 'one finding' : `${findings.length} findings`}`,
  )
  if (looksFor !== null) line('It looks for', looksFor)
  for (const [name, value] of Object.entries(group)) line('  ', styled('cyan', name), '=', styled('dim', shown(value)))
  for (const { rule: id, timestamp, type, fields } of findings) {
    line(styled('bold', '▸'), styled('dim', timestamp), styled('bold', id), type)
    for (const [name, value] of Object.entries(fields)) line('     ', styled('cyan', name), '=', styled('dim', shown(value)))
  }
}
