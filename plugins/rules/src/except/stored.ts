import type { EventDefinition, Signal } from '@cws/core'
import { type FolderOptions, querySignals } from '@cws/core/cli'
import type { Given } from '../evaluate/given.ts'
import { eventOfJson, typeOfJson } from '../explain/event-of-json.ts'

/** As many as the agent tells at once. */
const MOST = 1_000

interface Model {
  get(type: string): EventDefinition
  types(): readonly string[]
}

/** A signal of the store with the event that it holds, its first. */
export interface StoredSignal {
  readonly signal: Signal
  readonly definition: EventDefinition
  readonly event: Given
}

/** @throws CwsError if there is no such signal; Error if it is about no event */
export async function storedSignal(id: string, options: FolderOptions, model: Model): Promise<StoredSignal> {
  return withEvent((await querySignals(options, 'signals.show', { id })) as Signal, model)
}

/** The newest signals of a rule whose event can be read. */
export async function storedSignalsOf(rule: string, options: FolderOptions, model: Model): Promise<readonly StoredSignal[]> {
  const signals = (await querySignals(options, 'signals.list', { rule, limit: MOST })) as readonly Signal[]
  return signals.flatMap((signal) => {
    try {
      return [withEvent(signal, model)]
    } catch {
      // Of a model that is not today's.
      return []
    }
  })
}

function withEvent(signal: Signal, model: Model): StoredSignal {
  const type = typeOfJson(signal.event, model.types())
  if (type === undefined) throw new Error(`signal ${signal.id} of "${signal.rule.id}" holds no event that the model knows`)
  const definition = model.get(type)
  return { signal, definition, event: eventOfJson(signal.event, definition) }
}
