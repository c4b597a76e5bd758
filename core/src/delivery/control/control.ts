import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { CwsError, messageOf } from '../../errors/cws-error.ts'
import type { DeliveryLog } from '../log.ts'
import type { ErrorBody } from '../protocol.ts'
import { privateFolder } from '../store/database.ts'
import type { Asker } from './administration.ts'

/** Names of the sockets in the run folder. */
export const SOCKETS: Readonly<Record<Asker, string>> = { operator: 'control.sock', administrator: 'admin.sock' }
/** A folder for a socket while it is made. */
const MAKING = '.a-'
/** Members of this group may ask too. */
const GROUP = 'cws'
const MAX_LINE = 64 * 1024
const MAX_CONNECTIONS = 32
const IDLE_MS = 60_000

export type Answer = { readonly ok: true; readonly body: unknown } | { readonly ok: false; readonly error: ErrorBody }

export interface ControlOptions {
  readonly runDir: string
  readonly log: DeliveryLog
  /** Answers a request; a throw becomes the error of the answer. */
  readonly handle: (what: string, args: unknown, asker: Asker) => unknown
}

/**
 * The sockets of the agent: requests `{"what":…,"args":…}`, one JSON object a line, each answered by one line, in order. Root and the group `cws` may
 * ask on `control.sock`: the folder keeps others out. `admin.sock` is for the user of the agent alone, as root is.
 * @throws CwsError CWS_ERR_STATE_DIR if the folder cannot be used or another agent answers there.
 */
export async function startControl(options: ControlOptions): Promise<AsyncDisposable> {
  const { runDir, log } = options
  privateFolder(runDir, 0o750)
  for (const name of readdirSync(runDir)) if (name.startsWith(MAKING)) rmSync(join(runDir, name), { recursive: true, force: true })
  await using opened = new AsyncDisposableStack()
  const turns = new Turns()
  for (const asker of ['operator', 'administrator'] as const) opened.use(await open(asker, options, turns))
  share(runDir, join(runDir, SOCKETS.operator), log)
  return opened.move()
}

async function open(asker: Asker, options: ControlOptions, turns: Turns): Promise<AsyncDisposable> {
  const { runDir, log } = options
  const path = join(runDir, SOCKETS[asker])
  if (await answers(path))
    throw new CwsError('CWS_ERR_STATE_DIR', `another agent answers on ${path}`, {
      hint: 'stop it, or give this one a folder of its own: --run-dir',
    })
  rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(socket, options, asker, turns)
  })
  server.maxConnections = MAX_CONNECTIONS
  if (asker === 'administrator') await listenAlone(server, runDir, path)
  else await listen(server, path)
  server.on('error', (error) => log.warn(`${SOCKETS[asker]}: ${error.message}`))
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      // While it still listens: afterwards another agent may have one of this name.
      if (server.listening) rmSync(path, { force: true })
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** The socket is made where nobody else can reach it, for until its mode is set the umask decides who may connect. */
async function listenAlone(server: Server, runDir: string, path: string): Promise<void> {
  const folder = mkdtempSync(join(runDir, MAKING))
  try {
    const made = join(folder, 's')
    await listen(server, made)
    chmodSync(made, 0o600)
    renameSync(made, path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (error: Error): void =>
      reject(new CwsError('CWS_ERR_STATE_DIR', `cannot listen on ${path}: ${error.message}`, { cause: error }))
    server.once('error', refused)
    server.listen(path, () => {
      server.off('error', refused)
      resolve()
    })
  })
}

/** Whether a live agent is behind the socket; one that nobody listens on is left over from a kill. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(path)
    const end = (alive: boolean) => (): void => {
      socket.destroy()
      resolve(alive)
    }
    socket.once('connect', end(true)).once('error', end(false))
  })
}

function share(runDir: string, path: string, log: DeliveryLog): void {
  chmodSync(path, 0o660)
  const group = process.getuid?.() === 0 ? groupId(GROUP) : undefined
  if (group === undefined) return
  try {
    for (const file of [runDir, path]) chownSync(file, 0, group)
  } catch (error) {
    log.warn(`cannot give the control socket to the group ${GROUP}: ${messageOf(error)}`)
  }
}

function groupId(name: string): number | undefined {
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith(`${name}:`))
    const id = Number(line?.split(':')[2])
    return line !== undefined && Number.isInteger(id) ? id : undefined
  } catch {
    return undefined
  }
}

function serve(socket: Socket, { handle, log }: ControlOptions, asker: Asker, turns: Turns): void {
  let text = ''
  socket.setEncoding('utf8')
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  socket.on('error', (error) => log.debug(`control socket: ${error.message}`))
  // Nothing more is read while an answer is made or still on its way: who asks and never reads costs one answer.
  const answerAll = async (): Promise<void> => {
    socket.pause()
    for (let end = text.indexOf('\n'); end >= 0 && !socket.destroyed; end = text.indexOf('\n')) {
      const line = text.slice(0, end)
      text = text.slice(end + 1)
      await turns.next()
      const answer = await answerTo(line, (what, args) => handle(what, args, asker))
      if (!socket.destroyed && !socket.write(`${encode(answer)}\n`)) await drained(socket)
    }
    if (text.length > MAX_LINE) socket.end(`${encode(refusal(`a request is at most ${MAX_LINE} characters`))}\n`)
    else socket.resume()
  }
  socket.on('data', (chunk: string) => {
    text += chunk
    if (text.length > MAX_LINE || text.includes('\n')) void answerAll()
  })
}

/** One request a turn of the loop, whoever asks: however many ask, signals and signs of life of this thread come in between. */
class Turns {
  #last: Promise<void> = Promise.resolve()

  next(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((resolve) => setImmediate(resolve)))
    return this.#last
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      socket.off('drain', settle).off('close', settle)
      resolve()
    }
    socket.on('drain', settle).on('close', settle)
  })
}

async function answerTo(line: string, handle: (what: string, args: unknown) => unknown): Promise<Answer> {
  if (line.length > MAX_LINE) return refusal(`a request is at most ${MAX_LINE} characters`)
  let request: { readonly what?: unknown; readonly args?: unknown }
  try {
    request = JSON.parse(line)
  } catch {
    return refusal('a request is one line of JSON: {"what": …, "args": …}')
  }
  if (typeof request?.what !== 'string') return refusal('a request names what it wants: {"what": "status"}')
  try {
    return { ok: true, body: (await handle(request.what, request.args)) ?? null }
  } catch (error) {
    return { ok: false, error: errorBody(error) }
  }
}

const refusal = (message: string): Answer => ({ ok: false, error: { code: 'CWS_ERR_USAGE', message } })

/** An error as data. */
export function errorBody(error: unknown): ErrorBody {
  const known = error as Partial<CwsError> | null
  return {
    code: typeof known?.code === 'string' ? known.code : 'CWS_ERR_DELIVERY',
    message: messageOf(error),
    ...(typeof known?.hint === 'string' ? { hint: known.hint } : {}),
  }
}

function encode(answer: Answer): string {
  return JSON.stringify(answer, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
}
