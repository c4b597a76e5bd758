import { hostname } from 'node:os'
import { CwsError } from '../errors/cws-error.ts'
import { Hooks } from '../hooks/create-hooks.ts'
import { asError } from '../hooks/guard.ts'
import { HooksOf } from '../hooks/hooks-of.ts'
import { enter, leave, placeOf } from '../hooks/running.ts'
import type { EventDefinition } from '../model/define-event.ts'
import { type BaseEvent, type EventClasses, generateEventClasses, type KeptEvent, LiveEvent } from '../model/event-class.ts'
import type { EventRegistry } from '../model/registry.ts'
import { UNKNOWN } from '../model/unknown.ts'
import type { Redactor } from '../plugin/context.ts'
import type { BatchFeed, EventOrigin, ObjectFeed, Readers } from '../plugin/source.ts'
import type { ProcessTracker, TrackedPast } from '../plugin/tracker.ts'
import type { FlightRecorder, NotedType } from '../recorder/flight-recorder.ts'
import type { Finding } from '../signals/finding.ts'
import { severities } from '../signals/severity.ts'
import { Counters } from './counters.ts'
import { Excluded } from './excluded.ts'
import { FieldProviders } from './field-providers.ts'
import { flatten } from './flatten.ts'
import { Interests } from './interests.ts'
import { mirrorOf } from './mirror.ts'
import { Parking } from './parking.ts'
import { recurrenceOf } from './recurrence.ts'
import { ToldFields } from './told-fields.ts'
import { bytesOf } from './undecoded.ts'

/** Faults of one plugin in one hook are told as an event once, then at each doubling. */
const isTold = (count: number) => (count & (count - 1)) === 0

/** The door for recorded events: values by dotted name, and the number of the process, -1 if unknown. */
export interface ReplayFeed {
  emit(values: ReadonlyMap<string, unknown>, process: number): void
}

/** The pipeline of one composition: from a source's `emit` to a finding, all synchronous. */
export class Engine {
  readonly events: EventRegistry
  readonly hooks: Hooks
  readonly counters: Counters
  readonly providers: FieldProviders
  readonly told: ToldFields
  readonly interests = new Interests()
  readonly redactors = new Map<string, Redactor>()
  /** Remembers every event that comes, if there is one. */
  recorder: FlightRecorder | undefined
  readonly #parking = new Parking()
  readonly #hostname = hostname()
  readonly #onFinding: (finding: Finding, event: BaseEvent) => void
  readonly #objectClasses = new Map<EventDefinition, EventClasses>()
  readonly #faults = new Map<string, number>()
  readonly #log: (plugin: string, hook: string, error: Error, count: number) => void
  readonly #onRelease: ((process: number) => void)[] = []
  /** Plugins whose events another composition still judges. */
  readonly #muted = new Set<string>()
  #tracker: ProcessTracker | undefined
  #trackedBy: string | undefined
  #faultFeed: ObjectFeed<'agent.plugin_fault'> | undefined
  /** A fault is being told: one that happens meanwhile is only counted. */
  #telling = false

  constructor(
    events: EventRegistry,
    onFinding: (finding: Finding, event: BaseEvent) => void,
    onFault: (plugin: string, hook: string, error: Error, count: number) => void,
    counters = new Counters(),
  ) {
    this.events = events
    this.counters = counters
    this.#onFinding = onFinding
    this.#log = onFault
    const sink = (plugin: string, hook: string, error: Error) => this.fault(plugin, hook, error)
    this.hooks = new Hooks(sink)
    this.providers = new FieldProviders(sink)
    this.told = new ToldFields(this.providers)
    this.providers.add('core', '*', { 'event.hostname': () => this.#hostname })
  }

  /** @throws CwsError CWS_ERR_SERVICE if another plugin keeps the process tree. */
  track(plugin: string, tracker: ProcessTracker): void {
    if (this.#tracker) throw new CwsError('CWS_ERR_SERVICE', 'the process tree is kept by another plugin already', { plugin })
    this.#tracker = tracker
    this.#trackedBy = plugin
    tracker.onRelease((process) => {
      this.released(process)
    })
  }

  /** Calls back when a process is gone for good. */
  onProcessRelease(callback: (process: number) => void): void {
    this.#onRelease.push(callback)
  }

  get tracker(): ProcessTracker | undefined {
    return this.#tracker
  }

  /** Until it is unmuted, what this plugin feeds is left to the composition before this one: neither counted nor judged here. */
  mute(plugin: string): void {
    this.#muted.add(plugin)
  }

  unmute(plugin: string): void {
    this.#muted.delete(plugin)
  }

  /** Settles when no event waits for its fields any more. */
  settled(): Promise<void> {
    return this.#parking.empty()
  }

  /** `plugin`: who feeds. */
  batchFeed(definition: EventDefinition, readers: Readers, plugin?: string): BatchFeed {
    for (const field of Object.keys(readers))
      if (!definition.fields.has(field))
        throw new CwsError('CWS_ERR_FIELD_UNKNOWN', `"${definition.type}" has no field ${field}, yet its source reads one`)
    this.told.opened(definition.type, readers)
    const pidReader = readers['process.pid']
    let Live: EventClasses['live'] | undefined
    const { wanted, dispatch } = this.#dispatcher(definition, plugin, readers)
    return {
      emit: (cursor) => {
        if (!wanted(cursor)) return
        Live ??= this.#classes(definition, readers, plugin).live
        const pid = pidReader?.(cursor)
        dispatch(new Live(cursor, typeof pid === 'number' ? pid : undefined, undefined))
      },
    }
  }

  objectFeed(definition: EventDefinition, plugin?: string): ObjectFeed<never> {
    this.told.opened(definition.type, undefined)
    let Live: EventClasses['live'] | undefined
    const { wanted, dispatch } = this.#dispatcher(definition, plugin)
    return {
      emit: (fields: object, about: EventOrigin = {}) => {
        const values = flatten(definition, fields)
        if (!wanted(-1)) return
        Live ??= this.#classes(definition, undefined).live
        values.set('event.timestamp', about.timestamp ?? BigInt(Date.now()) * 1_000_000n)
        if (about.notBefore !== undefined) values.set('event.not_before', about.notBefore)
        if (!values.has('event.source')) values.set('event.source', 'runtime')
        if (about.pid !== undefined && !values.has('process.pid')) values.set('process.pid', about.pid)
        dispatch(new Live(-1, about.pid, values))
      },
    }
  }

  /** The door for events that were recorded: nothing is looked up for them on this host, and who did them is what was recorded. */
  replayFeed(definition: EventDefinition): ReplayFeed {
    const counts = this.counters.of(definition.type)
    const { live: Live } = generateEventClasses(definition, this.redactors, (name, field) => ({
      read: (live) => live.values?.get(name) ?? UNKNOWN,
      memoise: false,
      told: !field.derived,
    }))
    const hooks = new HooksOf(this.hooks, definition.type)
    return {
      emit: (values, process) => {
        counts.seen++
        const pid = values.get('process.pid')
        const event = new Live(-1, typeof pid === 'number' ? pid : undefined, values)
        event.process$ = process
        try {
          hooks.enrich?.call(event)
          hooks.detect?.call(event)
        } finally {
          event.live = false
        }
      },
    }
  }

  /** A recorded process is gone for good. */
  released(process: number): void {
    for (const callback of this.#onRelease) callback(process)
  }

  /** A kept event from values, for tests and for findings of the agent itself. */
  keptEvent(definition: EventDefinition, values: Map<string, unknown>): KeptEvent {
    return new (this.#classes(definition, undefined).kept)(-1, values)
  }

  report(plugin: string, event: BaseEvent, finding: Finding): void {
    if (event instanceof LiveEvent && !event.live)
      throw new CwsError('CWS_ERR_EVENT_EXPIRED', 'a finding was reported about an event after its dispatch', { plugin })
    if (typeof finding?.rule !== 'string' || !severities.includes(finding.severity))
      throw new CwsError('CWS_ERR_PLUGIN_FAULT', `a finding needs a rule's id and a severity (${severities.join(', ')})`, { plugin })
    this.counters.findings++
    const result = this.hooks.finding.call(finding, event)
    if (result === null) this.counters.suppressed++
    else this.#onFinding(result, event)
  }

  /** Whether the event waits, so that `again` will be called. */
  undecided(plugin: string, event: BaseEvent, again: (event: BaseEvent) => void): boolean {
    const counts = this.counters.of(event.type)
    if (event instanceof LiveEvent) {
      const parked = this.#parking.park(event, (kept) => {
        const outer = enter(placeOf(plugin, `undecided:${kept.type}`))
        try {
          again(kept)
        } catch (error) {
          this.fault(plugin, `undecided:${kept.type}`, asError(error))
        } finally {
          leave(outer)
        }
      })
      if (parked) {
        counts.parked++
        return true
      }
    }
    counts.undecided++
    return false
  }

  faultsByPlugin(): Record<string, number> {
    const sums: Record<string, number> = {}
    for (const [key, count] of this.#faults) {
      const plugin = key.slice(0, key.indexOf('\0'))
      sums[plugin] = (sums[plugin] ?? 0) + count
    }
    return sums
  }

  fault(plugin: string, hook: string, error: Error): void {
    this.counters.faults++
    const key = `${plugin}\0${hook}`
    const count = (this.#faults.get(key) ?? 0) + 1
    this.#faults.set(key, count)
    if (!isTold(count)) return
    this.#log(plugin, hook, error, count)
    if (this.#telling) return
    this.#telling = true
    try {
      this.hooks.fault.call({ plugin, hook, error })
      this.#faultFeed ??= this.objectFeed(this.events.get('agent.plugin_fault')) as ObjectFeed<'agent.plugin_fault'>
      this.#faultFeed.emit({ plugin, hook, message: error.message, count })
    } finally {
      this.#telling = false
    }
  }

  /** Generated on first use, when all plugins have said which fields they provide. Events from objects share their classes. */
  #classes(definition: EventDefinition, readers: Readers | undefined, plugin?: string): EventClasses {
    const known = readers ? undefined : this.#objectClasses.get(definition)
    if (known) return known
    const classes = generateEventClasses(definition, this.redactors, this.providers.resolverFor(definition, readers), {
      images: this.#tracker?.images,
      bytes: bytesOf(readers),
      recurrence: recurrenceOf(
        definition,
        { plugin, readers },
        { plugin: this.#trackedBy, lineages: this.#tracker?.lineages },
        this.providers,
      ),
      mirror: mirrorOf(definition, { plugin: this.#trackedBy, text: this.#tracker?.images?.text }, this.providers, this.redactors),
    })
    if (!readers) this.#objectClasses.set(definition, classes)
    return classes
  }

  #noteOwn(recorder: FlightRecorder, type: NotedType, past: TrackedPast): void {
    try {
      recorder.own(type, past)
    } catch (error) {
      this.fault(this.#trackedBy ?? 'tracker', `past:${type.name}`, asError(error))
    }
  }

  /**
   * `wanted` counts an event that was seen and says whether anybody looks at its type: of what nobody does, no event is made. A process tree
   * looks at all, unless it has records of its own. So does the flight recorder, which takes the tracker's own records as they are.
   * `readers`, of batches: of those own records that no interest can hold for, no event is made either.
   */
  #dispatcher(
    definition: EventDefinition,
    plugin: string | undefined,
    readers?: Readers,
  ): { wanted(cursor: number): boolean; dispatch(event: LiveEvent): void } {
    const { type } = definition
    const hooks = new HooksOf(this.hooks, type)
    const excluded = readers && new Excluded(definition, readers, hooks, this.interests)
    const counts = this.counters.of(type)
    const muted = this.#muted
    let judged: ProcessTracker | undefined
    let own = false
    /** Whether these events are records of the tracker's own. */
    const isOwn = (tracker: ProcessTracker | undefined): boolean => {
      if (tracker !== judged) {
        judged = tracker
        own = excluded !== undefined && tracker?.ownRecords === true && plugin === this.#trackedBy
      }
      return own
    }
    let known: NotedType | undefined
    const noted = (recorder: FlightRecorder): NotedType => {
      known ??= recorder.typeOf(definition)
      return known
    }
    const wanted = (cursor: number) => {
      if (muted.size > 0 && plugin !== undefined && muted.has(plugin)) return false
      const tracker = this.#tracker
      const { recorder } = this
      const isExcluded = excluded !== undefined && isOwn(tracker) && excluded.has(cursor)
      if (isExcluded) counts.filtered++
      else counts.seen++
      if (recorder !== undefined && !definition.agent) {
        if (!isOwn(tracker)) return true
        if (tracker?.past !== undefined) this.#noteOwn(recorder, noted(recorder), tracker.past)
      }
      return (
        !isExcluded &&
        (hooks.detect !== undefined ||
          hooks.enrich !== undefined ||
          (tracker !== undefined && !definition.agent && tracker.ownRecords !== true))
      )
    }
    const dispatch = (event: LiveEvent) => {
      try {
        const tracker = this.#tracker
        if (tracker !== undefined && !definition.agent) {
          event.actor = tracker.locate(event as never)
          if (event.actor >= 0) event.process$ = tracker.processOf(event.actor)
        }
        hooks.enrich?.call(event)
        hooks.detect?.call(event)
        // Behind those who judge: what it reads has been read by then, and what goes wrong here costs no finding.
        if (this.recorder !== undefined && !definition.agent && !isOwn(tracker))
          this.recorder.event(noted(this.recorder), event, tracker?.past)
      } catch (error) {
        // Taps are guarded: only the tracker can throw here, and what the flight recorder reads of others.
        this.fault('tracker', `locate:${type}`, asError(error))
      } finally {
        event.live = false
      }
    }
    return { wanted, dispatch }
  }
}
