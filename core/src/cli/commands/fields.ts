import type { Command } from 'commander'
import type { EventDefinition } from '../../model/define-event.ts'
import type { Field } from '../../model/field.ts'
import { EventRegistry } from '../../model/registry.ts'
import { configuredEvents } from '../compose.ts'
import type { Distribution } from '../distribution.ts'
import { type ConfigOption, configOption, type FormatOption, formatOption, withOptions } from '../options.ts'
import { json, line, styled, table } from '../output.ts'

const EXAMPLES = `
Examples:
  cws fields                       the event types
  cws fields exec                  all fields of exec
  cws fields exec ancestors        those with "ancestors" in their name or meaning
  cws fields --format json         the whole model, for programs`

export function fieldsCommand(program: Command, distribution: Distribution): void {
  const command = program
    .command('fields [type] [filter]')
    .summary('show the model: event types and their fields')
    .description(
      'Shows the model: the event types that rules can be on, and the fields they can use. Events that plugins of the configuration add are among them.',
    )
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), formatOption('human')).action(
    async (type: string | undefined, filter: string | undefined, options: ConfigOption & FormatOption) => {
      const events = await eventsToShow(type, options, distribution)
      const shown = events.map((event) => ({ event, fields: matching(event, filter) }))
      if (options.format === 'json') json(shown.map(({ event, fields }) => eventJson(event, fields)))
      else if (type === undefined) listTypes(events)
      else for (const { event, fields } of shown) listFields(event, fields, filter)
    },
  )
}

async function eventsToShow(
  type: string | undefined,
  options: ConfigOption,
  distribution: Distribution,
): Promise<readonly EventDefinition[]> {
  const registry = new EventRegistry()
  for (const { event, plugin } of await configuredEvents(options, distribution)) registry.add(event, plugin)
  return type === undefined ? [...registry.values()] : [registry.get(type)]
}

/** The fields that fit, those of the event itself before those that all events have. */
function matching(event: EventDefinition, filter: string | undefined): readonly (readonly [string, Field])[] {
  const words = filter?.toLowerCase()
  const fits = [...event.fields].filter(
    ([name, { doc }]) => words === undefined || name.includes(words) || doc.toLowerCase().includes(words),
  )
  const own = ([name]: readonly [string, Field]) => name.startsWith(`${event.type}.`)
  return [...fits.filter(own), ...fits.filter((field) => !own(field))]
}

/** `string`, `int[]`, … */
const kindText = ({ field, array }: Field): string => (array ? `${field}[]` : field)

function eventJson({ type, doc }: EventDefinition, fields: readonly (readonly [string, Field])[]): Record<string, unknown> {
  return {
    type,
    doc,
    fields: fields.map(([name, { field, array, doc: meaning, constants }]) => ({
      name,
      kind: field,
      array,
      doc: meaning,
      constants: constants ?? null,
    })),
  }
}

function listTypes(events: readonly EventDefinition[]): void {
  table(events.map(({ type, doc, fields }) => [styled('bold', type), `${fields.size} fields`, doc]))
}

function listFields(event: EventDefinition, fields: readonly (readonly [string, Field])[], filter: string | undefined): void {
  line(styled('bold', event.type), event.doc)
  line('')
  if (fields.length === 0) line(`  no field has "${filter}" in its name or meaning`)
  table(
    fields.flatMap(([name, field]) => {
      const row = [styled('cyan', name), kindText(field), field.doc]
      return field.constants ? [row, ['', '', styled('dim', Object.keys(field.constants).join(' '))]] : [row]
    }),
    '  ',
  )
}
