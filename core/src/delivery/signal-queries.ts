import { CwsError } from '../errors/cws-error.ts'
import { nearest } from '../model/nearest.ts'
import { rankOf, type Severity, severities } from '../signals/severity.ts'
import type { Signal } from '../signals/signal.ts'
import { decodeSignal } from '../signals/signal-json.ts'
import type { SignalRow } from './store-rows.ts'

/** How many signals one answer holds at most. */
export const MAX_SIGNALS = 1_000

/** Where signals are read: the store of the agent, or its file where none runs. */
export interface SignalReader {
  /** Newest first; of a severity rank and above. */
  signals(limit: number, severity: number, rule: string | null): readonly SignalRow[]
  signalBody(id: string): string | undefined
}

type Args = Readonly<Record<string, unknown>>

/** Answers `signals.list`: the newest signals, of `severity` and above, of one `rule`. @throws CwsError CWS_ERR_USAGE */
export function listSignals(reader: SignalReader, { limit = 50, severity = 'info', rule = null }: Args): readonly Signal[] {
  if (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > MAX_SIGNALS)
    throw new CwsError('CWS_ERR_USAGE', `limit is a number from 1 to ${MAX_SIGNALS}`)
  if (!severities.includes(severity as Severity)) throw new CwsError('CWS_ERR_USAGE', `severity is one of ${severities.join(', ')}`)
  if (rule !== null && typeof rule !== 'string') throw new CwsError('CWS_ERR_USAGE', 'rule is the id of a rule')
  return reader.signals(limit as number, rankOf(severity as Severity), rule).map((row) => decodeSignal(row.body))
}

/** Answers `signals.show`: the newest revision of a signal. @throws CwsError CWS_ERR_USAGE naming the nearest id if there is none */
export function showSignal(reader: SignalReader, { id }: Args): Signal {
  // Ids are written in upper case and read in any.
  const wanted = typeof id === 'string' ? id.toUpperCase() : undefined
  const body = wanted === undefined ? undefined : reader.signalBody(wanted)
  if (body !== undefined) return decodeSignal(body)
  const guess = wanted === undefined ? undefined : nearest(wanted, idsOf(reader))
  throw new CwsError('CWS_ERR_USAGE', `there is no signal ${JSON.stringify(id ?? null)}${guess ? `; did you mean ${guess}?` : ''}`, {
    hint: '`cws signals list` shows the newest and their ids. The oldest leave when the store is full.',
  })
}

const idsOf = (reader: SignalReader): readonly string[] => reader.signals(MAX_SIGNALS, 0, null).map((row) => row.id)
