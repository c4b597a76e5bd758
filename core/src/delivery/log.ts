import type { Logger } from '../plugin/logger.ts'
import { printable } from '../signals/printable.ts'
import type { FromDelivery, LogLevel } from './protocol.ts'
import type { Secrets } from './secrets/secrets.ts'

/** Longest message and longest details of one log line, in characters. */
const MAX_MESSAGE = 2_000
const MAX_DETAILS = 8_000
/** Of a text so many times as much is looked at as is shown: a secret that is masked takes less room. */
const LOOKED_AT = 4

export type DeliveryLog = Logger

/** A logger whose lines go to the engine, with all known secrets masked and nothing in them that a terminal would act on. */
export function threadLog(post: (message: FromDelivery) => void, secrets: Secrets, debug: boolean, plugin?: string): DeliveryLog {
  const at =
    (level: LogLevel) =>
    (first: object | string, second = ''): void => {
      if (level === 'debug' && !debug) return
      const message = typeof first === 'string' ? first : second
      const details = typeof first === 'string' ? undefined : maskedDetails(first, secrets)
      post({
        kind: 'log',
        level,
        ...(plugin ? { plugin } : {}),
        message: cleanText(message, secrets, MAX_MESSAGE),
        ...(details ? { details } : {}),
      })
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** Text from anywhere, fit to leave the thread: secrets masked, controls visible, cut. */
export function cleanText(text: string, secrets: Secrets, limit = 200): string {
  const looked = beginning(text, LOOKED_AT * limit)
  return cut(printable(secrets.mask(looked, { isCut: looked.length < text.length })), limit)
}

/** Never half a character. */
const beginning = (text: string, length: number): string => text.slice(0, length).replace(/[\ud800-\udbff]$/, '')
const cut = (text: string, limit: number): string => (text.length > limit ? `${beginning(text, limit)}…` : text)

function maskedDetails(details: object, secrets: Secrets): Record<string, unknown> | undefined {
  try {
    const whole = JSON.stringify(details, plain)
    if (whole.length > LOOKED_AT * MAX_DETAILS) return { details: cleanText(whole, secrets, MAX_DETAILS) }
    const text = secrets.mask(whole)
    if (text.length > MAX_DETAILS) return { details: cut(text, MAX_DETAILS) }
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return { details: 'could not be written as JSON' }
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error) return { name: value.name, message: value.message, ...('code' in value ? { code: value.code } : {}) }
  return value
}
