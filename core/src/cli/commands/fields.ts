import type { Command } from 'commander'
import type { EventDefinition } from '../../model/define-event.ts'
import type { Field } from '../../model/field.ts'
import { configuredModel, type ToldModel } from '../compose.ts'
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
      'Shows the model: the event types that rules can be on, and the fields they can use. Events that plugins of the configuration add are among them. ' +
        'What none of its plugins feeds is marked: rules on it are checked, and cannot fire.',
    )
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), formatOption('human')).action(
    async (type: string | undefined, filter: string | undefined, options: ConfigOption & FormatOption) => {
      const model = await configuredModel(options, distribution)
      const events = type === undefined ? model.events : [model.get(type)]
      const shown = events.map((event) => ({ event, fields: matching(event, filter) }))
      if (options.format === 'json') json(shown.map(({ event, fields }) => eventJson(event, fields, model)))
      else if (type === undefined) listTypes(events, model)
      else for (const { event, fields } of shown) listFields(event, fields, model, filter)
    },
  )
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

function eventJson(
  { type, doc }: EventDefinition,
  fields: readonly (readonly [string, Field])[],
  { isTold }: ToldModel,
): Record<string, unknown> {
  return {
    type,
    doc,
    fed: isTold(type),
    fields: fields.map(([name, { field, array, doc: what, constants }]) => ({
      name,
      kind: field,
      array,
      doc: what,
      fed: isTold(type, name),
      constants: constants ?? null,
    })),
  }
}

const meaning = (doc: string, fed: boolean) => (fed ? doc : `${doc} (not fed)`)

function listTypes(events: readonly EventDefinition[], { isTold }: ToldModel): void {
  table(events.map(({ type, doc, fields }) => [styled('bold', type), `${fields.size} fields`, meaning(doc, isTold(type))]))
}

function listFields(
  event: EventDefinition,
  fields: readonly (readonly [string, Field])[],
  { isTold }: ToldModel,
  filter: string | undefined,
): void {
  line(styled('bold', event.type), meaning(event.doc, isTold(event.type)))
  line('')
  if (fields.length === 0) line(`  no field has "${filter}" in its name or meaning`)
  table(
    fields.flatMap(([name, field]) => {
      const row = [styled('cyan', name), kindText(field), meaning(field.doc, isTold(event.type, name) || !isTold(event.type))]
      return field.constants ? [row, ['', '', styled('dim', someOf(Object.keys(field.constants)))]] : [row]
    }),
    '  ',
  )
}

const SHOWN = 16

/** Some tables have a hundred names: enough of them to see what they are like. */
function someOf(names: readonly string[]): string {
  return names.length > SHOWN ? `${names.slice(0, SHOWN).join(' ')} and ${names.length - SHOWN} more (--format json)` : names.join(' ')
}
