import type { HeartbeatSettings } from '../../config/heartbeat.ts'
import type { SecretRef } from '../../config/secret.ts'
import { messageOf } from '../../errors/cws-error.ts'
import { beginningOf } from '../../http/beginning.ts'
import { Connections } from '../../http/connections.ts'
import { outcomeOfAnswer, outcomeOfError } from '../../http/outcome.ts'

/** From the connection to the end of the answer. */
const DEADLINE_MS = 10_000

/** How a beat is sent, and what secrets are. */
export interface BeatRoute extends Pick<HeartbeatSettings, 'method' | 'ca' | 'proxy'> {
  /** @throws CwsError CWS_ERR_SECRET_MISSING */
  readonly secret: (ref: SecretRef) => string
}

/** Sends one beat. Returns why it did not arrive; undefined: it did. Redirects are not followed; the reason never names the URL, which is a secret. */
export async function sendBeat(
  url: string,
  { method, secret, ...tls }: BeatRoute,
  body: string,
  stop: AbortSignal,
): Promise<string | undefined> {
  // Only where there is a heartbeat.
  const { Agent, ProxyAgent, request } = await import('undici')
  const signal = AbortSignal.any([stop, AbortSignal.timeout(DEADLINE_MS)])
  let connections: Connections<InstanceType<typeof Agent> | InstanceType<typeof ProxyAgent>>
  try {
    connections = new Connections({ Agent, ProxyAgent }, { options: { timeout: DEADLINE_MS, ...tls }, secret })
  } catch (error) {
    return messageOf(error)
  }
  try {
    const content =
      method === 'POST'
        ? { body, headers: { 'user-agent': 'cws', 'content-type': 'application/json' } }
        : { headers: { 'user-agent': 'cws' } }
    const answer = await request(url, { method, dispatcher: connections.current(), signal, ...content })
    const outcome = outcomeOfAnswer(answer.statusCode, await beginningOf(answer.body), undefined)
    return outcome.result === 'delivered' ? undefined : (outcome.detail ?? outcome.result)
  } catch (error) {
    return outcomeOfError(error, signal.aborted).detail ?? 'no answer'
  } finally {
    // A beat has a connection of its own: the next one shows again that there is a way.
    await connections.close()
  }
}
