import { styleText } from 'node:util'
import { escapeInvisible, printable } from '../signals/printable.ts'

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** A piece of a line: text as it came, made printable when it is written, in a style where the terminal has colours. */
export interface Styled {
  readonly text: string
  readonly style: Style
}
export type Cell = string | Styled

export const styled = (style: Style, text: string): Styled => ({ text, style })

function show(cell: Cell, width = 0): string {
  const text = printable(typeof cell === 'string' ? cell : cell.text)
  const padding = ' '.repeat(Math.max(0, width - text.length))
  // styleText honours NO_COLOR, FORCE_COLOR and whether stdout is a terminal.
  return typeof cell === 'string' ? text + padding : styleText(cell.style, text, { stream: process.stdout }) + padding
}

/** Characters that a row may have; undefined where no person reads on a terminal, and nothing is cut. */
export const rowWidth = (): number | undefined => (process.stdout.isTTY ? process.stdout.columns : undefined)

/** Whether what is written may have colours, as `styled` decides. */
export const colored = (): boolean => styleText('bold', '', { stream: process.stdout }) !== ''

/** Writes one line of cells, one space between them. */
export function line(...cells: readonly Cell[]): void {
  process.stdout.write(
    `${cells
      .map((cell) => show(cell))
      .join(' ')
      .trimEnd()}\n`,
  )
}

/** Writes rows with their columns aligned; the last column is as wide as it is. */
export function table(rows: readonly (readonly Cell[])[], indent = ''): void {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.slice(0, -1).entries())
      widths[column] = Math.max(widths[column] ?? 0, printable(typeof cell === 'string' ? cell : cell.text).length)
  for (const row of rows) {
    const cells = row.map((cell, column) => show(cell, column < row.length - 1 ? widths[column] : 0))
    process.stdout.write(`${indent}${cells.join('  ').trimEnd()}\n`)
  }
}

/** Writes a value as JSON: one line for machines, whole numbers of any size as numbers, what could act on a terminal escaped. */
export function json(value: unknown): void {
  process.stdout.write(`${escapeInvisible(toJson(value))}\n`)
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? rawJson(each.toString()) : each))
}

/** Of Node 22 and later; not yet in TypeScript's libraries. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown }
