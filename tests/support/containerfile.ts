/** One instruction of a Containerfile: continued lines joined, comments gone. */
export interface Instruction {
  readonly name: string
  readonly text: string
  readonly line: number
}

/** @throws Error for a line that is no instruction */
export function parseContainerfile(source: string): readonly Instruction[] {
  const instructions: Instruction[] = []
  let open: { line: number; parts: string[] } | undefined
  for (const [index, raw] of source.split('\n').entries()) {
    // Comments and empty lines are skipped also between continued lines.
    if (/^\s*(#|$)/.test(raw)) continue
    open ??= { line: index + 1, parts: [] }
    const continued = /\\\s*$/.test(raw)
    open.parts.push(continued ? raw.replace(/\\\s*$/, '') : raw)
    if (continued) continue
    const match = /^([A-Z]+)\s+(.*)$/s.exec(open.parts.join('').trim())
    if (!match) throw new Error(`line ${open.line} is no instruction: ${open.parts.join('')}`)
    instructions.push({ name: match[1] as string, text: match[2] as string, line: open.line })
    open = undefined
  }
  if (open) throw new Error(`line ${open.line} is continued by none`)
  return instructions
}

/** `${NAME}` and `$NAME` with the values given. @throws Error for a name without a value */
export function expand(text: string, values: Readonly<Record<string, string | undefined>>): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced: string | undefined, bare: string | undefined) => {
    const value = values[(braced ?? bare) as string]
    if (value === undefined) throw new Error(`${braced ?? bare} has no value`)
    return value
  })
}

/** The exec form of a command: a JSON array of strings. @throws Error for the shell form */
export function execForm(text: string): readonly string[] {
  const words: unknown = JSON.parse(text)
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) throw new Error(`not an array of strings: ${text}`)
  return words
}

/** Words of a shell line without expansions: quotes as in a shell. @throws Error for what a shell would interpret */
export function shellWords(line: string): readonly string[] {
  if (/[`$;&|<>*?~]/.test(line)) throw new Error(`more than plain words: ${line}`)
  return [...line.matchAll(/(?:"([^"]*)"|'([^']*)'|([^\s"']+))+/g)].map(([word]) => word.replace(/["']/g, ''))
}
