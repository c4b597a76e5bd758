import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CwsError } from '@cws/core'
import { mayBecomeLine } from './line.ts'
import { rotate, syncFolder } from './rotation.ts'
import { endsWhole, readTail, type Tail } from './tail.ts'

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants
/** What is looked through at the end of a file: far more than the lines of one moment. */
const MAX_TAIL = 32 * 1024 * 1024
/** Of a torn line, what shows whether it is one of ours. */
const SHOWN = 64

/**
 * A file of lines that is only appended to. It is opened for each write, so that whoever renames it, or cuts it to nothing, finds the next line in the
 * file that is there then.
 */
export class LineFile {
  readonly path: string
  readonly #maxSize: number
  readonly #keep: number

  constructor({ path, maxSize, keep }: { readonly path: string; readonly maxSize: number; readonly keep: number }) {
    this.path = path
    this.#maxSize = maxSize
    this.#keep = keep
  }

  /** The last whole lines, at most so many, also of the file that was renamed last; what a crash tore is cut off. @throws Error if it is no such file */
  async recover(maxLines: number): Promise<readonly string[]> {
    const now = await this.#end(this.path, maxLines)
    if (now.length >= maxLines) return now
    const before = await this.#end(`${this.path}.1`, maxLines - now.length).catch(() => [])
    return [...before, ...now]
  }

  async #end(path: string, maxLines: number): Promise<readonly string[]> {
    const file = await this.#open(path, 0).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (!file) return []
    try {
      return (await this.#whole(file, maxLines)).lines
    } finally {
      await file.close()
    }
  }

  /** Appends lines and returns when they are on the disk. If that fails, nothing of them stays behind, as far as the disk allows. */
  async append(lines: readonly string[]): Promise<void> {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
    let file = await this.#open(this.path, O_CREAT)
    try {
      let { size } = await file.stat()
      if (size > 0 && this.#keep > 0 && size + bytes.length > this.#maxSize) {
        await file.close()
        await rotate(this.path, this.#keep)
        file = await this.#open(this.path, O_CREAT)
        size = (await file.stat()).size
      }
      // A disk that was full may have kept a part of a line that could not be taken back.
      if (size > 0 && !(await endsWhole(file, size))) size = (await this.#whole(file, 1)).end
      try {
        await file.writeFile(bytes)
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

  /** Cuts off what was torn: it was never confirmed, and comes again. */
  async #whole(file: FileHandle, maxLines: number): Promise<Tail> {
    const tail = await readTail(file, maxLines, MAX_TAIL)
    const { torn, end } = tail
    if (torn.length === 0) return tail
    if (!mayBecomeLine(torn.toString('latin1', 0, SHOWN)))
      throw new CwsError('CWS_ERR_PLUGIN_SETUP', `${this.path} holds something else: it does not end with a line that this notifier writes`)
    await file.truncate(end)
    return tail
  }

  async #open(path: string, flags: number): Promise<FileHandle> {
    const file = await open(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | flags, 0o600)
    try {
      const stat = await file.stat()
      if (!stat.isFile() || stat.nlink > 1 || stat.uid !== process.geteuid?.() || (stat.mode & 0o022) !== 0)
        throw new CwsError(
          'CWS_ERR_CONFIG_TRUST',
          `${path} must be a regular file of this user with a single name that others cannot write to`,
        )
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }
}
