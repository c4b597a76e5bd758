import { CwsError } from '../errors/cws-error.ts'
import { asError, type FaultSink } from '../hooks/guard.ts'
import { enter, leave, placeOf } from '../hooks/running.ts'
import type { EventDefinition } from '../model/define-event.ts'
import type { FieldResolver, LiveEvent, ResolvedField } from '../model/event-class.ts'
import type { Field } from '../model/field.ts'
import { UNKNOWN } from '../model/unknown.ts'
import type { FieldProvider } from '../plugin/context.ts'
import type { Readers } from '../plugin/source.ts'

/** A field that no source reads and nobody provides. */
const UNTOLD: ResolvedField = { read: () => UNKNOWN, memoise: false, told: false }

interface Provided {
  readonly plugin: string
  readonly provide: FieldProvider
}

/** Who provides which field, on one event type or on all. */
export class FieldProviders {
  readonly #byType = new Map<string, Map<string, Provided>>()
  readonly #onFault: FaultSink

  constructor(onFault: FaultSink) {
    this.#onFault = onFault
  }

  /** @throws CwsError CWS_ERR_FIELD_PROVIDER if another plugin provides the field there. */
  add(plugin: string, on: string, providers: Readonly<Record<string, FieldProvider>>): void {
    const fields = this.#byType.get(on) ?? new Map<string, Provided>()
    this.#byType.set(on, fields)
    for (const [name, provide] of Object.entries(providers)) {
      const other = fields.get(name)
      if (other) throw new CwsError('CWS_ERR_FIELD_PROVIDER', `${name} is provided by "${other.plugin}" already`, { plugin })
      fields.set(name, { plugin, provide })
    }
  }

  find(type: string, field: string): Provided | undefined {
    return this.#byType.get(type)?.get(field) ?? this.#byType.get('*')?.get(field)
  }

  /** How a field of events from one feed is read: the source's own reader, else a provider, else nobody knows. */
  resolverFor(event: EventDefinition, readers: Readers | undefined): (name: string, field: Field) => ResolvedField {
    return (name, field) => {
      const costly = field.array || field.field === 'string' || field.field === 'path' || field.field === 'ip'
      const reader = readers?.[name]
      if (reader) return { read: (live) => reader(live.cursor), memoise: costly, told: true }
      const provided = this.find(event.type, name)
      const read = provided ? this.#provider(name, provided) : undefined
      if (readers) return read ? { read, memoise: true, told: true } : UNTOLD
      return {
        read: (live) => {
          const value = live.values?.get(name)
          return value !== undefined ? value : read ? read(live) : UNKNOWN
        },
        memoise: read !== undefined,
        told: read !== undefined || !field.derived,
      }
    }
  }

  #provider(name: string, { plugin, provide }: Provided): FieldResolver {
    const place = placeOf(plugin, 'fields')
    return (event: LiveEvent) => {
      let value: unknown
      const outer = enter(place)
      try {
        value = provide(event as never)
      } catch (error) {
        this.#onFault(plugin, `fields:${name}`, asError(error))
        return UNKNOWN
      } finally {
        leave(outer)
      }
      if (value === undefined || value === null) return UNKNOWN
      if (typeof value === 'object' && typeof (value as PromiseLike<unknown>).then === 'function') {
        const settled = Promise.resolve(value as PromiseLike<unknown>).catch((error: unknown) => {
          this.#onFault(plugin, `fields:${name}`, asError(error))
          return UNKNOWN
        })
        event.pending ??= new Map()
        event.pending.set(name, settled)
        return UNKNOWN
      }
      return value
    }
  }
}
