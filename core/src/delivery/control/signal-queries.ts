import { CwsError } from '../../errors/cws-error.ts'
import { nearest } from '../../model/nearest.ts'
import { type Evidence, evidenceOf } from '../../recorder/evidence.ts'
import { rankOf, type Severity, severities } from '../../signals/severity.ts'
import type { Signal } from '../../signals/signal.ts'
import { decodeSignal } from '../../signals/signal-json.ts'
import type { DeliveryLog } from '../log.ts'
import type { SignalRow, StoreWrite } from '../store/store-rows.ts'
import type { Asker } from './administration.ts'

/** How many signals one answer holds at most. */
export const MAX_SIGNALS = 1_000
export const statuses = ['open', 'acknowledged', 'archived'] as const satisfies readonly Signal['status'][]

/** Where signals are read: the store of the agent, or its file where none runs. */
export interface SignalReader {
  /** Newest first; of a severity rank and above. `status`: of these, separated by blanks; null: of all. */
  signals(limit: number, severity: number, rule: string | null, status: string | null): readonly SignalRow[]
  signal(id: string): SignalRow | undefined
  /** The parts of the evidence of a signal, in their order. */
  evidence(signal: string): readonly string[]
}

/** Who judges, and what they say. */
export interface Judgement extends Pick<Extract<StoreWrite, { op: 'judge' }>, 'op' | 'signal' | 'status'> {
  /** Who said it, of the group that may judge signals and no more; undefined: an administrator. */
  readonly operator?: string | undefined
}

/** Where signals are judged, too. */
export interface SignalJudge extends SignalReader {
  write(judgement: Judgement): void
}

/** A signal with what was seen around it. */
export type ShownSignal = Signal & { readonly evidence?: Evidence }

type Args = Readonly<Record<string, unknown>>

/**
 * Answers `signals.list`: the newest signals, of `severity` and above, of one `rule`, of one `status` (without it: those that are not archived;
 * `all`: whatever it is). @throws CwsError CWS_ERR_USAGE
 */
export function listSignals(reader: SignalReader, { limit = 50, severity = 'info', rule = null, status = null }: Args): readonly Signal[] {
  if (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > MAX_SIGNALS)
    throw new CwsError('CWS_ERR_USAGE', `limit is a number from 1 to ${MAX_SIGNALS}`)
  if (!severities.includes(severity as Severity)) throw new CwsError('CWS_ERR_USAGE', `severity is one of ${severities.join(', ')}`)
  if (rule !== null && typeof rule !== 'string') throw new CwsError('CWS_ERR_USAGE', 'rule is the id of a rule')
  if (status !== null && status !== 'all' && !statuses.includes(status as Signal['status']))
    throw new CwsError('CWS_ERR_USAGE', `status is one of ${statuses.join(', ')}, or all`)
  const wanted = status === null ? 'open acknowledged' : status === 'all' ? null : (status as string)
  return reader.signals(limit as number, rankOf(severity as Severity), rule, wanted).map(signalOf)
}

/** Answers `signals.show`: the newest revision of a signal, with its evidence. @throws CwsError CWS_ERR_USAGE naming the nearest id if there is none */
export function showSignal(reader: SignalReader, { id }: Args): ShownSignal {
  const signal = signalOf(find(reader, id))
  const evidence = evidenceOf(reader.evidence(signal.id))
  return evidence ? { ...signal, evidence } : signal
}

/** Answers `signals.archive`: people are done with these signals. All of them or none. @throws CwsError CWS_ERR_USAGE */
export function archiveSignals(judge: SignalJudge, args: Args, log: DeliveryLog, asker: Asker = 'administrator'): readonly string[] {
  const found = foundOf(judge, args['ids'])
  const operator = operatorIn(args, asker)
  for (const { id } of found) judge.write({ op: 'judge', signal: id, status: 'archived', operator })
  return judged(found, 'archived', args, log)
}

/** Answers `signals.ack`: somebody looks at these signals. All of them or none. @throws CwsError CWS_ERR_USAGE, also for one that is archived */
export function acknowledgeSignals(judge: SignalJudge, args: Args, log: DeliveryLog, asker: Asker = 'administrator'): readonly string[] {
  const found = foundOf(judge, args['ids'])
  const done = found.find(({ status }) => status === 'archived')
  if (done) throw new CwsError('CWS_ERR_USAGE', `signal ${done.id} is archived: nobody is waiting for it to be acknowledged`)
  const operator = operatorIn(args, asker)
  for (const { id, status } of found) if (status === 'open') judge.write({ op: 'judge', signal: id, status: 'acknowledged', operator })
  return judged(found, 'acknowledged', args, log)
}

/** Nobody is told any more of what is judged: the log says by whom, as the command says. */
function judged(found: readonly SignalRow[], what: string, args: Args, log: DeliveryLog): readonly string[] {
  const signals = found.map(({ id }) => id)
  log.info({ signals, by: whoIn(args) }, `${what}, since somebody asked for it`)
  return signals
}

const whoIn = ({ by }: Args): string => (typeof by === 'string' && by !== '' ? by.slice(0, 64) : 'unknown')
const operatorIn = (args: Args, asker: Asker): string | undefined => (asker === 'operator' ? whoIn(args) : undefined)

function foundOf(reader: SignalReader, ids: unknown): readonly SignalRow[] {
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > MAX_SIGNALS)
    throw new CwsError('CWS_ERR_USAGE', `ids is a list of 1 to ${MAX_SIGNALS} ids of signals`)
  return [...new Map(ids.map((id) => find(reader, id)).map((row) => [row.id, row])).values()]
}

/** The line as it was told, with the status that people gave the signal since. */
function signalOf({ body, status }: SignalRow): Signal {
  return { ...decodeSignal(body), status: status as Signal['status'] }
}

function find(reader: SignalReader, id: unknown): SignalRow {
  // Ids are written in upper case and read in any.
  const wanted = typeof id === 'string' ? id.toUpperCase() : undefined
  const row = wanted === undefined ? undefined : reader.signal(wanted)
  if (row !== undefined) return row
  const guess = wanted === undefined ? undefined : nearest(wanted, idsOf(reader))
  throw new CwsError('CWS_ERR_USAGE', `there is no signal ${JSON.stringify(id ?? null)}${guess ? `; did you mean ${guess}?` : ''}`, {
    hint: '`cws signals list --all` shows the newest and their ids. The oldest leave when the store is full.',
  })
}

const idsOf = (reader: SignalReader): readonly string[] => reader.signals(MAX_SIGNALS, 0, null, null).map((row) => row.id)
