import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR, O_DIRECTORY, O_RDONLY } = constants
/** A line longer than this is not looked for at the end of a file: more than any signal. */
const MAX_TAIL = 16 * 1024 * 1024
const CHUNK = 64 * 1024
const NEWLINE = 0x0a
const BRACE = 0x7b

/** A file of lines that is only appended to. It is opened for every line, so that it may be rotated by renaming it. */
export class JsonlFile {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /**
   * The last whole line. What follows it was torn by a crash, was never confirmed and will come again: it is cut off.
   * @throws Error if the file holds something else.
   */
  async recover(): Promise<string | undefined> {
    const file = await this.#open(0).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (!file) return undefined
    try {
      const tail = await readTail(file)
      const end = tail.lastIndexOf(NEWLINE) + 1
      if (end < tail.length) {
        if (tail[end] !== BRACE) throw new Error(`${this.path} holds something else: it does not end with a line of JSON`)
        await file.truncate((await file.stat()).size - (tail.length - end))
      }
      if (end === 0) return undefined
      return tail.toString('utf8', tail.lastIndexOf(NEWLINE, end - 2) + 1, end - 1)
    } finally {
      await file.close()
    }
  }

  /** Appends one line and waits until it is on the disk. If that fails, nothing of it stays behind. */
  async append(line: string): Promise<void> {
    const file = await this.#open(O_CREAT)
    try {
      const { size } = await file.stat()
      try {
        await file.writeFile(`${line}\n`)
        await file.datasync()
      } catch (error) {
        await file.truncate(size).catch(() => {})
        throw error
      }
      if (size === 0) await syncFolder(dirname(this.path))
    } finally {
      await file.close()
    }
  }

  async #open(flags: number): Promise<FileHandle> {
    const file = await open(this.path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | flags, 0o600)
    const stat = await file.stat()
    if (stat.isFile() && stat.nlink === 1 && stat.uid === process.geteuid?.()) return file
    await file.close()
    throw new Error(`${this.path} must be a regular file of this user with a single name`)
  }
}

/** From the end backwards, until it holds a whole line and what may follow it. */
async function readTail(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat()
  let tail = Buffer.alloc(0)
  let newlines = 0
  while (tail.length < Math.min(size, MAX_TAIL) && newlines < 2) {
    const length = Math.min(CHUNK, size - tail.length)
    const chunk = Buffer.alloc(length)
    await file.read(chunk, 0, length, size - tail.length - length)
    for (const byte of chunk) if (byte === NEWLINE) newlines++
    tail = Buffer.concat([chunk, tail])
  }
  return tail
}

/** Makes a new name durable. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, O_RDONLY | O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
