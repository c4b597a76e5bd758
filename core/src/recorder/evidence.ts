/** A process of an evidence, named by a number that is its own within it. */
export interface EvidenceProcess {
  readonly process: number
  readonly pid: number
  /** Number of the process that made it, and its pid; null where nobody knows. */
  readonly parent: number | null
  readonly ppid: number | null
  /** What it ran last, as far as that is known; null if not. */
  readonly file: { readonly path: string } | null
  readonly argv0?: string
  readonly args?: string
}

/** Something that a process did: what the event of that type tells, shortened. */
export interface EvidenceEvent {
  /** RFC 3339, UTC; to the microsecond. */
  readonly timestamp: string
  readonly type: string
  readonly process: number
  /** The event that the signal opened with. */
  readonly found?: true
  /** Of an exec: which file, with which arguments. `args_truncated`: there were more of them. */
  readonly file?: { readonly path: string }
  readonly argv0?: string
  readonly args?: string
  readonly args_truncated?: true
  /** Of a fork: the pid of the parent. */
  readonly ppid?: number
  /** Of an exit: the code, or the number of the signal that ended it. */
  readonly code?: number
  readonly signal?: number
  /** Of every other: fields of its own block by their names there. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** One part of the evidence of a signal: what was collected at one time. */
export interface EvidencePart {
  readonly from: string
  readonly until: string
  readonly processes: readonly EvidenceProcess[]
  /** In the order of their times. */
  readonly events: readonly EvidenceEvent[]
  /** Events of the session in that time that found no room. */
  readonly left_out: number
}

/** What the session of the process did in the minute before the signal opened and in the minute after, as far as that has been collected. */
export interface Evidence {
  readonly from: string
  readonly until: string
  readonly processes: readonly EvidenceProcess[]
  readonly events: readonly EvidenceEvent[]
  readonly left_out: number
}

/** Puts the parts that were stored of one signal together, in their order. Undefined if there are none. */
export function evidenceOf(bodies: readonly string[]): Evidence | undefined {
  const parts = bodies.map((body) => JSON.parse(body) as EvidencePart)
  const [first] = parts
  if (!first) return undefined
  const processes = new Map<number, EvidenceProcess>()
  for (const part of parts)
    for (const process of part.processes) {
      const known = processes.get(process.process)
      processes.set(process.process, known && process.file === null ? known : process)
    }
  return {
    from: first.from,
    until: (parts.at(-1) as EvidencePart).until,
    processes: [...processes.values()],
    events: parts.flatMap(({ events }) => events),
    left_out: parts.reduce((sum, part) => sum + part.left_out, 0),
  }
}
