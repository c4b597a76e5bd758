import { readFileSync } from 'node:fs'
import { defineNotifier, messageOf, type Notification, type NotifierContext, type Outcome } from '@cws/core'
import { type Access, type Answered, type Credentials, ExchangeError, Exchanges } from './exchange.ts'
import { plainLetter } from './letter.ts'
import { type Correspondents, isMail, mailOf } from './mail.ts'
import { addressOf, type EmailOptions, options, portOf } from './options.ts'
import { isPutOff, outcomeOfError, outcomeOfRefusals, refusalsShown, waitNamedBy } from './outcome.ts'
import { PutOff } from './put-off.ts'
import { readReply } from './reply.ts'

/** Sends each signal as a mail, one thread a signal. Delivered is what the server has taken: its answer 250 after the mail's last line. */
export default defineNotifier(import.meta, {
  name: 'email',
  options,
  interrupts: true,
  rate: ({ rate }) => rate,
  setup(ctx) {
    // What cannot be read is told now, not with the first signal.
    accessOf(ctx)
    const correspondents = correspondentsOf(ctx.options)
    const exchanges = exchangesOf(ctx.options)
    const putOff = new PutOff()
    return {
      render: (letter, tier) => mailOf(letter, tier, correspondents),
      deliver: (notification, signal) => deliver(ctx, correspondents, exchanges, putOff, notification, signal),
      close: () => exchanges.close(),
    }
  },
})

async function deliver(
  ctx: NotifierContext<EmailOptions>,
  correspondents: Correspondents,
  exchanges: Exchanges,
  putOff: PutOff,
  notification: Notification,
  stop: AbortSignal,
): Promise<Outcome> {
  const { key, body } = notification
  let access: Access
  try {
    access = accessOf(ctx)
  } catch (error) {
    return { result: 'broken', detail: messageOf(error) }
  }
  const from = ctx.options.returnPath ?? correspondents.from.address
  const taken = putOff.taken(key)
  const to = correspondents.to.map(({ address }) => address).filter((address) => !taken.has(address))
  const mail = isMail(body) ? body : mailOf(plainLetter(notification), 0, correspondents)
  const signal = AbortSignal.any([stop, AbortSignal.timeout(ctx.options.timeout)])
  try {
    const answered = await exchanges.send({ from, to }, access, mail, signal)
    return settle(putOff, key, answered)
  } catch (error) {
    if (error instanceof ExchangeError) return concluded(putOff, key, outcomeOfError(error, signal.aborted))
    throw error
  }
}

/** Each recipient has an answer of his own: those who are put off are tried again without the others, those who are refused are told of. */
function settle(putOff: PutOff, key: string, { accepted, refused, reply }: Answered): Outcome {
  putOff.accepted(key, accepted)
  const count = putOff.taken(key).size
  const waiting = refused.filter((refusal) => isPutOff(refusal) && putOff.isFresh(refusal.recipient, waitNamedBy(refusal)))
  if (count === 0) return outcomeOfRefusals(refused)
  // Nothing newer may take its place: those who have it are to hear what becomes of the signal, which is told of what is known to have arrived.
  if (waiting.length > 0) return { result: 'ambiguous', detail: `taken for ${count}, not yet for ${refusalsShown(waiting)}` }
  putOff.done(key)
  if (refused.length > 0) {
    const detail = `taken for ${count}, refused for ${refusalsShown(refused)}`
    return { result: 'delivered', detail, refused: detail }
  }
  return { result: 'delivered', detail: `SMTP ${readReply(reply ?? '')?.shown ?? '2xx'}` }
}

/** That the mail itself is refused is no reason to send another one to those who have it. */
function concluded(putOff: PutOff, key: string, outcome: Outcome): Outcome {
  const count = putOff.taken(key).size
  if (outcome.result !== 'reject' || count === 0) return outcome
  putOff.done(key)
  const detail = `taken for ${count}, refused for the others: ${outcome.detail}`
  return { result: 'delivered', detail, refused: detail }
}

function accessOf(ctx: NotifierContext<EmailOptions>): Access {
  const { ca } = ctx.options
  return { credentials: credentialsOf(ctx), ca: ca === undefined ? undefined : readFileSync(ca, 'utf8') }
}

function credentialsOf(ctx: NotifierContext<EmailOptions>): Credentials | undefined {
  const { auth } = ctx.options
  if (!auth) return undefined
  const user = typeof auth.user === 'string' ? auth.user : ctx.secret(auth.user)
  return 'token' in auth ? { user, token: ctx.secret(auth.token) } : { user, password: ctx.secret(auth.password) }
}

function correspondentsOf({ from, to, replyTo }: EmailOptions): Correspondents {
  return { from: addressOf(from), to: to.map(addressOf), replyTo: replyTo === undefined ? undefined : addressOf(replyTo) }
}

function exchangesOf(options: EmailOptions): Exchanges {
  const { host, tls, ehlo, timeout } = options
  return new Exchanges({ host, port: portOf(options), tls, ehlo, timeout })
}
