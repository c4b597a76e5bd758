import type { Evidence } from '../signals/finding.ts'
import { printable } from '../signals/printable.ts'
import { cut } from './signal-rows.ts'

/** Fields of a finding that stand in front; the others follow with their names. */
const FIRST = ['process.pid', 'process.file.path', 'process.args'] as const
const MAX_WIDTH = 240

/** The findings that a detection concluded from, for a terminal: when, which rule, who, and what else is known. Every text is made printable. */
export function conclusionView(findings: readonly Evidence[], width = MAX_WIDTH): string {
  const rules = Math.max(...findings.map(({ rule }) => rule.length))
  const rows = findings.map(({ rule, timestamp, fields }) => {
    const who = FIRST.map((name) => fields[name] ?? '').join(' ')
    const others = Object.entries(fields).filter(([name]) => !FIRST.includes(name as (typeof FIRST)[number]))
    const more = others.filter(([, value]) => value !== '').map(([name, value]) => `${name}=${String(value)}`)
    return `  ${timestamp.slice(11, 23)}  ${rule.padEnd(rules)}  ${[who.trim(), ...more].join('  ')}`
  })
  return ['concluded from', ...rows.map((row) => cut(printable(row).trimEnd(), width))].join('\n')
}
