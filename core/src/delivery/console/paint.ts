/** SGR codes (ECMA-48). */
const CODES = { bold: 1, dim: 2, inverse: 7, red: 31, green: 32, yellow: 33, cyan: 36 } as const
export type Style = keyof typeof CODES
export type Paint = (text: string, ...styles: readonly Style[]) => string

const plain: Paint = (text) => text
const colored: Paint = (text, ...styles) => `\u001b[${styles.map((style) => CODES[style]).join(';')}m${text}\u001b[0m`

/** Colours text, or leaves it alone. The text must be printable already. */
export function painter(color: boolean): Paint {
  return color ? colored : plain
}
