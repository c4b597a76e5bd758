import type { Constants } from '../field.ts'

/** Reads `NAME=NUMBER` words, parted by white space: numbers are decimal, `0x` or `0o`. A table of a thousand lines would hide that it is one. */
export function table(text: string): Constants {
  const constants: Record<string, number> = {}
  for (const word of text.trim().split(/\s+/)) {
    const at = word.indexOf('=')
    constants[word.slice(0, at)] = Number(word.slice(at + 1))
  }
  return constants
}

/** The same names with other values. */
export function mapped<V extends number | bigint>(constants: Constants, value: (of: number) => V): Readonly<Record<string, V>> {
  return Object.fromEntries(Object.entries(constants).map(([name, of]) => [name, value(Number(of))]))
}
