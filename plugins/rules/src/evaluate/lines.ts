/** What a stream of bytes holds: a line, or word of one that was longer than what is read. */
export type Line = { readonly text: string } | { readonly tooLong: number }

/** Characters that a line may have. */
export const MAX_LINE = 1024 * 1024

/** Splits a stream into lines. Of a line that is too long no more than the limit is kept. */
export async function* linesOf(input: AsyncIterable<Uint8Array | string>, limit = MAX_LINE): AsyncGenerator<Line> {
  const decoder = new TextDecoder()
  let pending = ''
  let dropped = 0
  const take = (part: string): void => {
    if (dropped > 0 || pending.length + part.length > limit) {
      dropped += pending.length + part.length
      pending = ''
    } else pending += part
  }
  const end = (): Line => {
    const line: Line = dropped > 0 ? { tooLong: dropped } : { text: pending }
    pending = ''
    dropped = 0
    return line
  }
  for await (const chunk of input) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    let from = 0
    for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
      take(text.slice(from, to))
      yield end()
      from = to + 1
    }
    take(text.slice(from))
  }
  if (pending !== '' || dropped > 0) yield end()
}
