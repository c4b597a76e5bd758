import type { FileHandle } from 'node:fs/promises'

const CHUNK = 64 * 1024
const NEWLINE = 0x0a

/** The end of a file. */
export interface Tail {
  /** Its last whole lines, oldest first. */
  readonly lines: readonly string[]
  /** Where the last whole line ends: what follows was torn. */
  readonly end: number
  /** What follows. */
  readonly torn: Buffer
}

/** Reads the last whole lines, at most so many and out of so many bytes, and what may follow them. */
export async function readTail(file: FileHandle, maxLines: number, maxBytes: number): Promise<Tail> {
  const { size } = await file.stat()
  const chunks: Buffer[] = []
  let at = size
  let newlines = 0
  while (at > 0 && size - at < maxBytes && newlines <= maxLines) {
    const length = Math.min(CHUNK, at)
    const chunk = Buffer.alloc(length)
    let got = 0
    while (got < length) {
      const { bytesRead } = await file.read(chunk, got, length - got, at - length + got)
      if (bytesRead === 0) throw new Error('the file became shorter while it was read')
      got += bytesRead
    }
    for (const byte of chunk) if (byte === NEWLINE) newlines++
    chunks.unshift(chunk)
    at -= length
  }
  const tail = Buffer.concat(chunks)
  const last = tail.lastIndexOf(NEWLINE) + 1
  const lines = tail.toString('utf8', 0, last).split('\n').slice(0, -1)
  // The first one may have begun before what was read.
  if (at > 0) lines.shift()
  return { lines: lines.slice(-maxLines), end: at + last, torn: tail.subarray(last) }
}

/** Whether the last line is whole. */
export async function endsWhole(file: FileHandle, size: number): Promise<boolean> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return bytesRead === 1 && buffer[0] === NEWLINE
}
