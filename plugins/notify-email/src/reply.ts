import { printable } from '@cws/core'

/** Characters of a server's answer that are told: more than core reads of a text, so that no secret is cut in two before core masks it and cuts the rest. */
const SHOWN = 1_000

/** What a server answered (RFC 5321 §4.2, RFC 3463). */
export interface Reply {
  readonly code: number
  /** `5.7.1`; of several lines that of the first. */
  readonly enhanced: string | undefined
  /** Fit to be shown: one line, cut. */
  readonly shown: string
}

export function readReply(text: string): Reply | undefined {
  const match = /^([2-5]\d\d)[ -]?(?:([245]\.\d{1,3}\.\d{1,3})\b)?/.exec(text)
  if (!match) return undefined
  const lines = text.split(/\r?\n/).map((line, i) => (i === 0 ? line : line.replace(/^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3}\s+)?/, '')))
  return { code: Number(match[1]), enhanced: match[2], shown: printable(lines.join(' ')).slice(0, SHOWN) }
}

export const isTemporary = ({ code }: Reply): boolean => code >= 400 && code < 500
export const isPermanent = ({ code }: Reply): boolean => code >= 500

/** About who we are or what we may do, not about one mail or mailbox: authentication is wanted (530), failed (535), or relaying is refused (`x.7.y`). */
export const isAboutUs = ({ code, enhanced }: Reply): boolean =>
  code === 530 || code === 535 || code === 538 || enhanced?.slice(1).startsWith('.7.') === true

/**
 * Milliseconds after which a server that puts strangers off for a while will listen: as it says, else a minute; at most an hour. Undefined where it is no
 * such server.
 */
export function greylistWait({ code, shown }: Reply): number | undefined {
  if ((code !== 450 && code !== 451) || !/gr[ae]y[ -]?list/i.test(shown)) return undefined
  const [, amount, unit] = /(\d{1,5}) ?(seconds?|secs?|s|minutes?|mins?)\b/i.exec(shown) ?? []
  if (amount === undefined) return 60_000
  return Math.min(3_600_000, Number(amount) * (unit?.startsWith('m') ? 60_000 : 1_000))
}
