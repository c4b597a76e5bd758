import { printable, type Text } from '@cws/core'
import { defang } from './defang.ts'

/** A document's text as a mail shows it: its line ends stay, all else that cannot be seen is made visible, and what an attacker may have chosen is no address. */
export function shown({ text, value }: Text): string {
  const visible = text
    .split(/\r?\n/)
    .map((line) => printable(value ? line : line.replaceAll('\t', '    ')))
    .join('\n')
  return value ? defang(visible) : visible
}
