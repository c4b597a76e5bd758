import { encodedWords, needsEncoding } from './encoded-words.ts'

/** Longest line that ought to be sent, without its end (RFC 5322 §2.1.1). */
const LINE = 78

/** A header of free text: as it is where it can be, folded at spaces, else as encoded words. */
export function textHeader(name: string, text: string): string {
  return needsEncoding(text) ? `${name}: ${encodedWords(text, name.length + 2)}` : folded(name, text.split(' '))
}

/** A header whose parts are complete as they stand, on as few lines as they fit on. Each part is shorter than a line. */
export function folded(name: string, parts: readonly string[]): string {
  let header = `${name}:`
  let length = header.length
  for (const part of parts) {
    const fits = length + 1 + part.length <= LINE
    header += fits ? ` ${part}` : `\r\n ${part}`
    length = fits ? length + 1 + part.length : 1 + part.length
  }
  return header
}
