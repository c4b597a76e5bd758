import { readFileSync, statSync } from 'node:fs'
import { UNKNOWN, type Unknown } from '@cws/core'

/** Larger files are not read: names are then unknown. */
const MAX_BYTES = 16 * 1024 * 1024

/** Names of users and groups from the host's files: read once, and again when `refresh` finds them changed. */
export class Names {
  readonly #file: string
  #names = new Map<number, string>()
  #stamp = ''

  /** `/etc/passwd` or `/etc/group`: the number is the third field of a line. */
  constructor(file: string) {
    this.#file = file
    this.refresh()
  }

  /** UNKNOWN if the file does not know the number: it may be named elsewhere, for example by LDAP. */
  of(id: number): string | Unknown {
    return this.#names.get(id) ?? UNKNOWN
  }

  /** Looks whether the file changed. Not for the path of events. */
  refresh(): void {
    try {
      const { mtimeNs, ino, size } = statSync(this.#file, { bigint: true })
      const stamp = `${mtimeNs}:${ino}:${size}`
      if (stamp === this.#stamp) return
      if (size > MAX_BYTES) throw new RangeError(`${this.#file} is too large`)
      this.#names = parse(readFileSync(this.#file, 'utf8'))
      this.#stamp = stamp
    } catch {
      this.#names = new Map()
      this.#stamp = ''
    }
  }
}

function parse(text: string): Map<number, string> {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':')
    if (name && id && /^[0-9]{1,10}$/.test(id) && !names.has(Number(id))) names.set(Number(id), name)
  }
  return names
}
