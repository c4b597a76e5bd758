/** Tests a whole text. */
export type TextTest = (text: string) => boolean

/**
 * Compiles a wildcard pattern: `*` is any run of characters, also across `/`; all else stands for itself. Linear in the text: the pieces
 * between stars are looked for from left to right and never again.
 */
export function compilePattern(pattern: string): TextTest {
  const pieces = pattern.split(/\*+/)
  const head = pieces[0] as string
  if (pieces.length === 1) return (text) => text === head
  const tail = pieces[pieces.length - 1] as string
  const least = head.length + tail.length
  const inner = pieces.slice(1, -1)
  if (inner.length === 0) return (text) => text.length >= least && text.startsWith(head) && text.endsWith(tail)
  if (inner.length === 1 && least === 0) {
    const only = inner[0] as string
    return (text) => text.includes(only)
  }
  return (text) => {
    if (text.length < least || !text.startsWith(head) || !text.endsWith(tail)) return false
    const end = text.length - tail.length
    let at = head.length
    for (const piece of inner) {
      const found = text.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
      if (at > end) return false
    }
    return true
  }
}
