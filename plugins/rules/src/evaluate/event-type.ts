/** A word of an expression that is no keyword, text or comment. */
const WORD = /"(?:[^"\\]|\\[\s\S])*"|(?:#|\/\/)[^\n]*|[A-Za-z_][\w.[\]]*/g

/** Where an expression names a field of an event type: the first place of each type, offsets into the text. */
export function typesNamed(expr: string, types: readonly string[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const { 0: word, index } of expr.matchAll(WORD)) {
    const type = typeOfField(word, types)
    if (type !== undefined && !found.has(type)) found.set(type, index)
  }
  return found
}

/** The event type whose own field this is: `exec` of `exec.file.name`. */
export function typeOfField(name: string, types: readonly string[]): string | undefined {
  return types.find((type) => name.startsWith(type) && name[type.length] === '.')
}
