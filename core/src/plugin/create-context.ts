import { compileCondition } from '../condition/compile.ts'
import { fromWhere } from '../condition/from-where.ts'
import type { Condition, Predicate } from '../condition/ir.ts'
import type { Where } from '../condition/where.ts'
import { CwsError } from '../errors/cws-error.ts'
import { asError } from '../hooks/guard.ts'
import type { EventDefinition } from '../model/define-event.ts'
import type { Event } from '../model/event.ts'
import type { BaseEvent } from '../model/event-class.ts'
import { UNKNOWN } from '../model/unknown.ts'
import type { Engine } from '../pipeline/engine.ts'
import type { Finding } from '../signals/finding.ts'
import type { Detection, PluginContext, PluginState, StateStore } from './context.ts'
import type { Logger } from './logger.ts'
import type { Modules } from './modules.ts'
import { PerScope } from './per.ts'
import type { Services } from './services.ts'
import type { Feeder, SourceDefinition } from './source.ts'

/** What a plugin's context stands on. */
export interface ContextParts {
  readonly name: string
  readonly options: unknown
  readonly engine: Engine
  readonly services: Services
  readonly log: Logger
  readonly signal: AbortSignal
  readonly state: StateStore
  readonly keep: <V>(key: string, create: () => V, on?: unknown) => V
  readonly modules: Modules
  /** Event types that running sensors feed. */
  readonly isFed: (type: string, field?: string) => boolean
  readonly feeders: (type: string, field?: string) => readonly Feeder[]
  readonly addSource: (definition: SourceDefinition) => void
  readonly onContents: (parts: Readonly<Record<string, unknown>>) => void
  readonly onStatus: (state: PluginState, detail: string | undefined) => void
  readonly onStop: (callback: () => void | Promise<void>) => void
}

const ALWAYS: Condition = { op: 'always' }

/** Makes the context of one plugin: its name is on all that it does. */
export function createContext(parts: ContextParts): PluginContext {
  const { name, engine, services } = parts

  const definitionOf = (event: EventDefinition | string): EventDefinition => {
    if (typeof event === 'string') return engine.events.get(event)
    engine.events.add(event, name)
    return engine.events.get(event.type)
  }
  const conditionOf = (definition: EventDefinition, condition: Where | Condition | null): Condition =>
    condition === null ? ALWAYS : isCondition(condition) ? condition : fromWhere(condition, definition)
  const report = (event: BaseEvent, detection: Detection): void => {
    if (detection === undefined) return
    if (detection instanceof Promise) {
      late(event.type, detection)
      return
    }
    for (const finding of Array.isArray(detection) ? (detection as readonly Finding[]) : [detection as Finding])
      engine.report(name, event, finding)
  }
  // An event lives no longer than its dispatch. A handler may go on by itself, but what it then has to say it must report itself.
  const late = (type: string, work: Promise<unknown>): void => {
    const tell = (error: unknown) => engine.fault(name, `detect:${type}`, asError(error))
    work.then((result) => {
      if (result !== undefined)
        tell(new Error('a handler of ctx.detect returned its finding in a promise; it must judge at once, or report() on a kept event'))
    }, tell)
  }
  const undecided = (event: BaseEvent, again: (event: BaseEvent) => void) => engine.undecided(name, event, again)

  const context = {
    name,
    options: parts.options as object,
    log: parts.log,
    signal: parts.signal,
    hooks: engine.hooks.facadeFor(name),
    state: parts.state,

    model: {
      get: (type) => engine.events.get(type),
      types: () => [...engine.events.values()].map((event) => event.type),
      isFed: (type, field) =>
        (type.startsWith('agent.') || parts.isFed(type, field)) && (field === undefined || engine.told.has(engine.events.get(type), field)),
      feeders: (type, field) => (field === undefined || engine.told.has(engine.events.get(type), field) ? parts.feeders(type, field) : []),
    },
    folder: parts.modules.folder,
    import: (specifier) => parts.modules.import(specifier),
    source: parts.addSource,
    feed: ((event: EventDefinition | string, readers?: Readonly<Record<string, never>>) => {
      const definition = definitionOf(event)
      return readers ? engine.batchFeed(definition, readers, name) : engine.objectFeed(definition, name)
    }) as PluginContext['feed'],
    track: (tracker) => engine.track(name, tracker),
    fields: (on, providers) => engine.providers.add(name, on, providers),
    redact: (fields) => {
      for (const [field, change] of Object.entries(fields)) engine.redactors.set(field, change)
    },

    detect: ((on: string, where: Where | null, handler: (event: Event) => Detection) => {
      const definition = definitionOf(on)
      const condition = conditionOf(definition, where)
      engine.interests.add(on, name, condition, true)
      engine.hooks
        .facadeFor(name)
        .detect.for(on as 'exec')
        .tap(detector(condition, handler as never, report, undecided) as never)
    }) as unknown as PluginContext['detect'],
    interest: (on, condition, { urgent = true } = {}) => engine.interests.add(on, name, conditionOf(definitionOf(on), condition), urgent),
    report: (event, finding) => engine.report(name, event as unknown as BaseEvent, finding),
    undecided: (event, again) => undecided(event as unknown as BaseEvent, again as never),

    per: (scope, create) => perScope(engine, scope, create) as never,
    keep: parts.keep,

    expose: (key: string, service: unknown) => services.expose(name, key, service),
    use: (key: string) => services.use(name, key),
    maybe: (key: string) => services.maybe(key),

    contents: parts.onContents,
    status: parts.onStatus,
    onStop: parts.onStop,
  } as PluginContext
  return Object.freeze(context)
}

function isCondition(value: Where | Condition): value is Condition {
  return typeof (value as Condition).op === 'string'
}

/** The tap behind `ctx.detect`: the handler runs where the interest is true; UNKNOWN is judged again when the missing fields are there. */
function detector(
  condition: Condition,
  handler: (event: BaseEvent) => Detection,
  report: (event: BaseEvent, detection: Detection) => void,
  undecided: (event: BaseEvent, again: (event: BaseEvent) => void) => boolean,
): (event: BaseEvent) => void {
  if (condition.op === 'always') return (event) => report(event, handler(event))
  const holds: Predicate = compileCondition(condition)
  const again = (event: BaseEvent) => {
    if (holds(event) === true) report(event, handler(event))
  }
  return (event) => {
    const truth = holds(event)
    if (truth === true) report(event, handler(event))
    else if (truth === UNKNOWN) undecided(event, again)
  }
}

function perScope<V>(engine: Engine, scope: 'process' | 'container', create: () => V): (event: BaseEvent) => V {
  if (scope === 'container') {
    const values = new PerScope(create, (event) => {
      const id = event.get('container.id')
      return typeof id === 'string' ? id : undefined
    })
    return (event) => values.of(event)
  }
  if (scope !== 'process')
    throw new CwsError('CWS_ERR_PLUGIN_INVALID', `ctx.per knows "process" and "container", not ${JSON.stringify(scope)}`)
  const values = new PerScope(create, (event) => (event.process$ >= 0 ? event.process$ : undefined))
  engine.onProcessRelease((process) => values.release(process))
  return (event) => values.of(event)
}
