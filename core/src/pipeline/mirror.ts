import type { EventDefinition } from '../model/define-event.ts'
import type { Redactors } from '../model/event-class.ts'
import type { FieldProviders } from './field-providers.ts'

/**
 * Whether the own block of an event may stand for `process` too: the tracker provides all that is known of both, and what hides a value in
 * one hides it in the other. Redactors may come at any time: they are compared again whenever there are more of them.
 */
export function mirrorOf(
  definition: EventDefinition,
  tracker: string | undefined,
  providers: FieldProviders,
  redactors: Redactors,
): (() => boolean) | undefined {
  if (definition.mirrors !== 'process' || tracker === undefined) return undefined
  const own = `${definition.type}.`
  const names = [...definition.fields.keys()].filter((name) => name.startsWith(own)).map((name) => name.slice(own.length))
  const foreign = (field: string) => {
    const provided = providers.find(definition.type, field)
    return provided !== undefined && provided.plugin !== tracker
  }
  if (names.some((name) => foreign(own + name) || foreign(`process.${name}`))) return undefined
  let compared = -1
  let alike = false
  return () => {
    if (compared !== redactors.size) {
      compared = redactors.size
      alike = names.every((name) => redactors.get(own + name) === redactors.get(`process.${name}`))
    }
    return alike
  }
}
