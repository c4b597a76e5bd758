import { closeSync, type FSWatcher, openSync, readSync, watch, writeFileSync } from 'node:fs'
import { readers } from './arrivals.ts'

/** The lines that come to a file: when the kernel said that it had grown, each with the ms since what it tells was found. */
export class FileArrivals implements Disposable {
  readonly after: number[] = []
  readonly path: string
  readonly #descriptor: number
  readonly #watcher: FSWatcher
  readonly #buffer = Buffer.alloc(1 << 20)
  #position = 0
  #rest = ''

  /** The file must not be there. */
  constructor(path: string) {
    this.path = path
    writeFileSync(path, '', { mode: 0o600, flag: 'wx' })
    this.#descriptor = openSync(path, 'r')
    this.#watcher = watch(path, () => this.#read())
  }

  #read(): void {
    const now = process.hrtime.bigint()
    const length = readSync(this.#descriptor, this.#buffer, 0, this.#buffer.length, this.#position)
    this.#position += length
    const lines = (this.#rest + this.#buffer.toString('utf8', 0, length)).split('\n')
    this.#rest = lines.pop() as string
    for (const line of lines) this.after.push(Number(now - BigInt(readers.cws(line).at)) / 1e6)
  }

  [Symbol.dispose](): void {
    this.#watcher.close()
    closeSync(this.#descriptor)
  }
}
