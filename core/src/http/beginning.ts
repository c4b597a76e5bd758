/** What is read of an answer, bytes. */
const MAX_ANSWER = 16 * 1024

/** The first 16 KiB of an answer's body as text. The status has been read: however the rest ends, it counts. What goes on is cut off. */
export async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= MAX_ANSWER) break
    }
  } catch {
    // Broken off or too slow.
  }
  // As a stream: what is cut in the middle of a character ends before it.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(chunks).subarray(0, MAX_ANSWER), { stream: true })
}
