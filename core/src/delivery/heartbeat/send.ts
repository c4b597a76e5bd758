import { readFileSync } from 'node:fs'
import { request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { HeartbeatSettings } from '../../config/heartbeat.ts'
import { beginningOf } from '../../http/beginning.ts'
import { safeLookup } from '../../http/forbidden.ts'
import { outcomeOfAnswer, outcomeOfError } from '../../http/outcome.ts'

/** From the connection to the end of the answer. */
const DEADLINE_MS = 10_000

/** Sends one beat. Returns why it did not arrive; undefined: it did. Redirects are not followed; the reason never names the URL, which is a secret. */
export async function sendBeat(
  url: URL,
  { method, ca }: Pick<HeartbeatSettings, 'method' | 'ca'>,
  body: string,
  stop: AbortSignal,
): Promise<string | undefined> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(DEADLINE_MS)])
  try {
    const { status, text } = await exchange(url, method === 'POST' ? body : undefined, ca, signal)
    const outcome = outcomeOfAnswer(status, text, undefined)
    return outcome.result === 'delivered' ? undefined : (outcome.detail ?? outcome.result)
  } catch (error) {
    return outcomeOfError(error, signal.aborted).detail ?? 'no answer'
  }
}

function exchange(
  url: URL,
  body: string | undefined,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const headers = {
    'user-agent': 'cws',
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  }
  const options = { method: body === undefined ? 'GET' : 'POST', headers, signal, agent: false, lookup: safeLookup() }
  return new Promise((resolve, reject) => {
    const asked =
      url.protocol === 'https:'
        ? secureRequest(url, { ...options, ...(ca === undefined ? {} : { ca: readFileSync(ca) }) })
        : plainRequest(url, options)
    asked.on('error', reject)
    asked.on('response', async (answer) => {
      const text = await beginningOf(answer)
      asked.destroy()
      resolve({ status: answer.statusCode ?? 0, text })
    })
    asked.end(body)
  })
}
