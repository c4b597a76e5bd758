import { chownSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DebianServer, type Kind } from './debian-server.ts'

export type { Kind }

/** User and group `mail` of Debian. */
const MAIL = 8

/** One of Debian's mail servers, which puts mails into boxes below /srv/mail. */
export class DebianMailServer implements AsyncDisposable {
  readonly #server: DebianServer

  private constructor(server: DebianServer) {
    this.#server = server
  }

  static async start(kind: Kind): Promise<DebianMailServer> {
    const server = await DebianServer.start(kind, greets, (folder) => {
      mkdirSync(join(folder, 'mail'))
      chownSync(join(folder, 'mail'), MAIL, MAIL)
    })
    return new DebianMailServer(server)
  }

  get port(): number {
    return this.#server.port
  }

  /** The mails in a box, as they lie there: LF at line ends. */
  box(name: string): readonly string[] {
    const folder = join(this.#server.folder, 'mail', name, 'new')
    try {
      return readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
  }
}

async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('close', () => resolve(false))
    })
  } finally {
    socket.destroy()
  }
}
