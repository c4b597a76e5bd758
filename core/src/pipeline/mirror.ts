import type { EventDefinition } from '../model/define-event.ts'
import type { LiveEvent, Mirror, Redactors } from '../model/event-class.ts'
import type { ImageText } from '../plugin/tracker.ts'
import type { FieldProviders } from './field-providers.ts'

/** Who keeps the process tree, and how it writes an image. */
interface Tree {
  readonly plugin: string | undefined
  readonly text: ImageText | undefined
}

/**
 * Whether the own block of an event may stand for `process` too: the tracker provides all that is known of both, and what hides a value in
 * one hides it in the other. Redactors may come at any time: they are compared again whenever there are more of them.
 */
export function mirrorOf(definition: EventDefinition, tree: Tree, providers: FieldProviders, redactors: Redactors): Mirror | undefined {
  if (definition.mirrors !== 'process' || tree.plugin === undefined) return undefined
  const own = `${definition.type}.`
  const names = [...definition.fields.keys()].filter((name) => name.startsWith(own)).map((name) => name.slice(own.length))
  const foreign = (field: string) => {
    const provided = providers.find(definition.type, field)
    return provided !== undefined && provided.plugin !== tree.plugin
  }
  if (names.some((name) => foreign(own + name) || foreign(`process.${name}`))) return undefined
  let compared = -1
  let alike = false
  return {
    alike: () => {
      if (compared !== redactors.size) {
        compared = redactors.size
        alike = names.every((name) => redactors.get(own + name) === redactors.get(`process.${name}`))
      }
      return alike
    },
    ...(tree.text && { text: textOf(own, tree.text, redactors) }),
  }
}

function textOf(own: string, text: ImageText, redactors: Redactors): NonNullable<Mirror['text']> {
  const { fields, redacted } = text
  const fullNames = new Map([...redacted].map((name) => [name, own + name]))
  let compared = -1
  let foreseen = false
  let current: LiveEvent | undefined
  const redact = (name: string, value: unknown): unknown => {
    const redactor = redactors.get(fullNames.get(name) as string)
    return redactor ? redactor(value, current as LiveEvent) : value
  }
  return {
    fields,
    write: (event) => {
      if (compared !== redactors.size) {
        compared = redactors.size
        foreseen = [...fields].every((name) => redacted.has(name) || !redactors.has(own + name))
      }
      if (!foreseen) return undefined
      current = event
      try {
        return text.write(event.actor, redact)
      } finally {
        current = undefined
      }
    },
  }
}
