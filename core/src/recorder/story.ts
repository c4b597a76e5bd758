import { textOf } from '../model/bytes.ts'
import type { Redactors } from '../model/event-class.ts'
import { rfc3339 } from '../model/rfc3339.ts'
import { UNKNOWN } from '../model/unknown.ts'
import type { EvidenceEvent, EvidencePart, EvidenceProcess } from './evidence.ts'
import type { FlightRecorder } from './flight-recorder.ts'
import { TOGETHER } from './pages.ts'

/** Entries that are looked at for one part, newest first: a bound of the time that it takes. */
const MAX_SCANNED = 4096
/** Of one part, the events and the characters of its JSON. */
export const MAX_EVENTS = 200
export const MAX_PART_TEXT = 48 * 1024

/** What a story is about: a finding, and who it found. */
export interface Subject {
  readonly process: number
  readonly session: number
  readonly family: number
  readonly type: string
  /** When the event of the finding happened, ms since the epoch. */
  readonly ms: number
}

/** How near to the subject: its own deeds and its descendants', its ancestors', others' of the session. */
const RANK = { own: 0, above: 1, beside: 2 } as const
/** A processes' line is not followed further than this: entries may come in any order, and a number may be used again. */
const MAX_STEPS = 64
/** Times that went different ways through rounding are the same within this, ms. */
const SAME_MS = 0.003
/** Of times, tenths of a ms; and places of entries. */
const MAX_DISTANCE = 20_000_000
const PLACES = 2 ** 16

/** Tells what a session did between two times (ms; after `from`, up to `until`): as much as fits, the nearest first. */
export function tell(recorder: FlightRecorder, subject: Subject, from: number, until: number, redactors: Redactors): EvidencePart {
  const { read } = recorder
  const entries = entriesOf(recorder, subject, from, until)
  const fork = recorder.typeNumber('fork')
  const exec = recorder.typeNumber('exec')
  const parents = new Map<number, number>()
  const executed = new Set<number>()
  for (const at of entries) {
    const parent = read.parent(at)
    if (parent !== 0 && !parents.has(read.process(at))) parents.set(read.process(at), parent)
    if (read.type(at) === exec) executed.add(read.process(at))
  }
  const kin = new Kin(subject.process, parents)
  // Rank, distance in time to a tenth of a ms, and place in one number each: thousands of numbers are sorted in the time of hundreds of objects.
  const keys = new Float64Array(entries.length)
  let count = 0
  for (const [i, at] of entries.entries()) {
    const process = read.process(at)
    // What a process that executes was made for is told by what it executes.
    if (read.type(at) === fork && executed.has(process)) continue
    const rank = kin.rankOf(process) ?? (isBeside(recorder, at, subject) ? RANK.beside : undefined)
    if (rank === undefined) continue
    const distance = Math.min(MAX_DISTANCE, Math.floor(Math.abs(read.ms(at) - subject.ms) * 10))
    keys[count++] = (rank * (MAX_DISTANCE + 1) + distance) * PLACES + i
  }
  const chosen = Array.from(keys.subarray(0, count).sort(), (key) => entries[key % PLACES] as number)
  return part(recorder, subject, chosen, { from, until }, redactors)
}

/** Those of sessions that are not told apart are nobody's neighbours. */
function isBeside(recorder: FlightRecorder, at: number, { session }: Subject): boolean {
  return session !== TOGETHER && recorder.sessionAt(at) === session
}

/** Places of the entries of the family in that time: of the session first, newest pages first, bounded. */
function entriesOf(recorder: FlightRecorder, { family, session }: Subject, from: number, until: number): number[] {
  const { pages, read } = recorder
  const found: number[] = []
  let scanned = 0
  for (const [start, end] of pages.pagesOf(family, from, session)) {
    for (let at = start; at < end; at += read.size(at)) {
      scanned++
      const ms = read.ms(at)
      if (ms > from && ms <= until && !recorder.isLeftOut(at)) found.push(at)
    }
    if (scanned > MAX_SCANNED) break
  }
  return found
}

/** Who descends from a process, and from whom it does. Found out once a process. */
class Kin {
  readonly #parents: ReadonlyMap<number, number>
  readonly #above = new Set<number>()
  readonly #below = new Map<number, boolean>()

  constructor(subject: number, parents: ReadonlyMap<number, number>) {
    this.#parents = parents
    this.#below.set(subject, true)
    for (let at = parents.get(subject); at !== undefined && at !== subject && !this.#above.has(at); at = parents.get(at))
      this.#above.add(at)
  }

  rankOf(process: number): number | undefined {
    return this.#isBelow(process) ? RANK.own : this.#above.has(process) ? RANK.above : undefined
  }

  #isBelow(process: number): boolean {
    const line: number[] = []
    let at: number | undefined = process
    while (at !== undefined && !this.#below.has(at) && line.length < MAX_STEPS) {
      line.push(at)
      at = this.#parents.get(at)
    }
    const below = at !== undefined && this.#below.get(at) === true
    for (const one of line) this.#below.set(one, below)
    return below
  }
}

function part(
  recorder: FlightRecorder,
  subject: Subject,
  chosen: readonly number[],
  { from, until }: { readonly from: number; readonly until: number },
  redactors: Redactors,
): EvidencePart {
  const { read } = recorder
  const told: { readonly at: number; readonly event: EvidenceEvent }[] = []
  let text = 0
  for (const at of chosen) {
    if (told.length >= MAX_EVENTS) break
    const event = eventOf(recorder, subject, at, redactors)
    const length = JSON.stringify(event).length
    if (text + length > MAX_PART_TEXT) break
    text += length
    told.push({ at, event })
  }
  told.sort((a, b) => read.ms(a.at) - read.ms(b.at))
  return {
    from: timeText(from),
    until: timeText(until),
    processes: processesOf(
      recorder,
      told.map(({ at }) => at),
      told.map(({ event }) => event),
    ),
    events: told.map(({ event }) => event),
    left_out: chosen.length - told.length,
  }
}

function eventOf(recorder: FlightRecorder, subject: Subject, at: number, redactors: Redactors): EvidenceEvent {
  const { read } = recorder
  const type = recorder.typeName(read.type(at))
  const process = read.process(at)
  const found = process === subject.process && type === subject.type && Math.abs(read.ms(at) - subject.ms) < SAME_MS
  const head = { timestamp: timeText(read.ms(at)), type, process, ...(found ? { found } : {}) } as const
  if (read.isDetails(at)) {
    const details = JSON.parse(Buffer.from(read.args(at)).toString()) as Record<string, unknown>
    return Object.keys(details).length === 0 ? head : { ...head, details }
  }
  if (type === 'exec') return { ...head, ...imageOf(recorder, at, redactors), ...(read.isCut(at) ? { args_truncated: true } : {}) }
  if (type === 'fork') return { ...head, ppid: read.number(at) }
  return type === 'exit' ? { ...head, ...endOf(read.number(at)) } : head
}

/** As wait(2) encodes it. */
function endOf(status: number): { readonly code: number } | { readonly signal: number } {
  return status & 0x7f ? { signal: status & 0x7f } : { code: (status >>> 8) & 0xff }
}

type Image = Pick<EvidenceEvent, 'file' | 'argv0' | 'args'>

function imageOf({ read }: FlightRecorder, at: number, redactors: Redactors): Image {
  const path = read.path(at)
  const bytes = read.args(at)
  let end = bytes.length
  // Half an argument may hide that it is a secret.
  if (read.isCut(at)) end = bytes.lastIndexOf(0) + 1
  const list = end === 0 ? [] : textOf(bytes, 0, bytes[end - 1] === 0 ? end - 1 : end).split('\0')
  const [argv0 = '', ...rest] = list
  const readable = { get: (field: string) => (field === 'exec.argv0' ? argv0 : UNKNOWN) }
  const shown = (field: string, value: string): string => {
    const redact = redactors.get(field)
    return redact ? String(redact(value, readable)) : value
  }
  return {
    ...(path.length === 0 ? {} : { file: { path: textOf(path, 0, path.length) } }),
    ...(list.length === 0 ? {} : { argv0: shown('exec.argv0', argv0), args: shown('exec.args', rest.join(' ')) }),
  }
}

/** Who is named by these events, and who made them: as they are in the newest of them that says. */
function processesOf(recorder: FlightRecorder, places: readonly number[], events: readonly EvidenceEvent[]): readonly EvidenceProcess[] {
  const { read } = recorder
  const processes = new Map<number, EvidenceProcess>()
  for (const [i, at] of places.entries()) {
    const { file, argv0, args, ppid } = events[i] as EvidenceEvent
    const isExec = (events[i] as EvidenceEvent).type === 'exec' && !read.isDetails(at)
    const process = read.process(at)
    const known = processes.get(process)
    const path = read.path(at)
    const image = isExec
      ? { file: file ?? null, ...(argv0 === undefined ? {} : { argv0 }), ...(args === undefined ? {} : { args }) }
      : known
        ? {}
        : { file: path.length === 0 ? null : { path: textOf(path, 0, path.length) } }
    processes.set(process, {
      file: null,
      ...known,
      process,
      pid: read.pid(at),
      parent: read.parent(at) || null,
      ppid: ppid ?? (isExec ? read.number(at) : (known?.ppid ?? null)),
      ...image,
    })
  }
  return [...processes.values()]
}

const timeText = (ms: number): string => rfc3339(BigInt(Math.round(ms * 1000)) * 1000n)
