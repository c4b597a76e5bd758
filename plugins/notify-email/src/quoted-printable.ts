/** Longest line with the `=` that ends a soft one (RFC 2045 §6.7). */
const LINE = 76

/**
 * UTF-8 text as quoted-printable with CRLF. No line is longer than 76 characters, none begins with a dot or with `From `, and of control
 * characters only the line ends remain: nothing in it can end the message or begin another.
 */
export function quotedPrintable(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map(encodeLine)
    .join('\r\n')
}

function encodeLine(line: string): string {
  const bytes = Buffer.from(line)
  let out = ''
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    const last = i === bytes.length - 1
    const token = isPlain(bytes, i, length === 0, last) ? String.fromCharCode(bytes[i] as number) : hex(bytes[i] as number)
    if (length + token.length > (last ? LINE : LINE - 1)) {
      out += '=\r\n'
      length = 0
      // What is harmless inside a line may not be at its beginning.
      i--
      continue
    }
    out += token
    length += token.length
  }
  return out
}

function isPlain(bytes: Buffer, i: number, first: boolean, last: boolean): boolean {
  const byte = bytes[i] as number
  // A space at the end of a line may be lost on the way.
  if (byte === 0x20) return !last
  if (byte < 0x21 || byte > 0x7e || byte === 0x3d) return false
  if (!first) return true
  return byte !== 0x2e && !(byte === 0x46 && bytes.toString('latin1', i, i + 5) === 'From ')
}

function hex(byte: number): string {
  return `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
}
