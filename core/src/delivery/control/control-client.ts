import { accessSync, constants } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type ErrorCode, errorCodes } from '../../errors/codes.ts'
import { CwsError } from '../../errors/cws-error.ts'
import { parseExact } from '../../model/exact-json.ts'
import { administrationIn, notAllowed } from './administration.ts'
import { type Answer, SOCKETS } from './control.ts'

/** Anybody may ask for these; of administrators it is known that it is they who do. */
const JUDGEMENTS: ReadonlySet<string> = new Set(['signals.ack', 'signals.archive'])

const MAX_ANSWER = 64 * 1024 * 1024

/**
 * Asks the agent that runs with this run folder, on the socket that is for what is asked. Integers beyond 2^53 stay raw JSON numbers.
 * @throws CwsError CWS_ERR_NOT_RUNNING if none answers in time; CWS_ERR_NOT_ALLOWED, also where nobody but root and the group may look whether one does; the error that it answers with.
 */
export async function ask(runDir: string, what: string, args: unknown = {}, timeoutMs = 10_000): Promise<unknown> {
  const administration = administrationIn(what, args)
  const admin = join(runDir, SOCKETS.administrator)
  const path = administration || (JUDGEMENTS.has(what) && isOpen(admin)) ? admin : join(runDir, SOCKETS.operator)
  const line = await exchange(path, `${JSON.stringify({ what, args })}\n`, timeoutMs, administration && notAllowed(administration))
  let answer: Answer
  try {
    answer = parseExact(line) as Answer
  } catch {
    throw notRunning(path, 'what answers there is no agent')
  }
  if (answer.ok) return answer.body
  const { code, message, hint } = answer.error
  throw new CwsError(Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'CWS_ERR_DELIVERY', message, { hint })
}

const isOpen = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** `refusal`: what to say where the kernel lets nobody in. */
function exchange(path: string, request: string, timeoutMs: number, refusal?: CwsError): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: string[] = []
    let length = 0
    const socket = connect(path, () => socket.write(request))
    const fail = (why: string, error = notRunning(path, why)): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs)
    socket.setEncoding('utf8')
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EACCES' ? fail('permission denied', refusal ?? keptOut(path)) : fail(error.code ?? error.message),
    )
    socket.on('end', () => fail('the connection ended'))
    socket.on('data', (chunk: string) => {
      chunks.push(chunk)
      length += chunk.length
      if (chunk.includes('\n')) {
        clearTimeout(timer)
        socket.destroy()
        resolve(chunks.join('').split('\n', 1)[0] as string)
      } else if (length > MAX_ANSWER) fail('the answer is too long')
    })
  })
}

/** The kernel lets nobody else in: whether an agent runs there cannot be seen. */
function keptOut(path: string): CwsError {
  return new CwsError('CWS_ERR_NOT_ALLOWED', `${path} is for root and the group of the agent alone (permission denied)`, {
    hint: 'ask as root (sudo), or as a member of the group `cws`',
  })
}

function notRunning(path: string, why: string): CwsError {
  return new CwsError('CWS_ERR_NOT_RUNNING', `no agent answers on ${path} (${why})`)
}
