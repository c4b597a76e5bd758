import { z } from 'zod'
import type { NotifierDefinition, PluginDefinition } from '../plugin/instance.ts'
import { shortestName } from '../plugin/resolve.ts'
import { defOf } from '../plugin/schema-walk.ts'
import { severities } from '../signals/severity.ts'
import { heartbeatSchema } from './heartbeat.ts'
import { monitoringSchema } from './monitoring.ts'
import { recorderSchema } from './recorder.ts'

/** A plugin that the schema is to know. */
export interface SchemaPlugin {
  /** Name of its package. */
  readonly package: string
  readonly definition: Pick<PluginDefinition | NotifierDefinition, 'options' | 'name'>
}

type Json = { [key: string]: unknown }

/**
 * JSON Schema (2020-12) of the YAML and JSON form, for editors: the options of the given plugins, anything for others. What the agent
 * checks beyond a schema's reach, such as `to:` naming a notifier that is there, it checks when it loads.
 */
export function configSchema(plugins: readonly SchemaPlugin[]): Json {
  const known = new Map(plugins.map((plugin) => [shortestName(plugin.package), optionsSchema(plugin)]))
  const names = [...known.keys()]
  const withOptions = names.map((name) => ({
    type: 'object',
    required: [name],
    additionalProperties: false,
    properties: { [name]: known.get(name) },
  }))
  const other = {
    type: 'object',
    minProperties: 1,
    maxProperties: 1,
    propertyNames: { pattern: `^(?!(?:${names.map(asPattern).join('|')})$)` },
    additionalProperties: { type: ['object', 'null'] },
  }
  const bare = {
    type: 'string',
    minLength: 1,
    description: `A plugin with its default options. Known: ${names.join(', ') || 'none'}; or a package, or a path.`,
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'CWS configuration',
    type: 'object',
    required: ['plugins'],
    additionalProperties: false,
    properties: {
      plugins: {
        type: 'array',
        description: 'What runs: names of plugins, or one name with its options.',
        items: { anyOf: [bare, ...withOptions, other] },
      },
      notifications: {
        type: 'array',
        description: 'Which signals go where. Without it every notifier gets every signal from `low` up.',
        items: rule,
      },
      monitoring: section(monitoringSchema, 'Serves /healthz and /metrics (Prometheus). Nothing listens without it.'),
      heartbeat: section(
        heartbeatSchema,
        'A watcher outside that is told, again and again, that all is well, and alarms when nothing comes.',
      ),
      recorder: section(recorderSchema, 'How much the flight recorder remembers, and how far evidence reaches around a signal.'),
    },
  }
}

const duration = (description: string): Json => ({ type: 'string', pattern: '^\\d{1,6}[smhd]$', description })

const timeOfDay = { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', description: 'Time of the day: `22:00`.' }
const names = {
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
  description: 'Names of notifiers among the plugins.',
}

const rule = {
  type: 'object',
  required: ['name', 'to'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, description: 'For people, and for changes by name while the agent runs.' },
    when: { type: 'string', description: 'Condition over the signal, for example `severity >= medium`. All signals if absent.' },
    to: names,
    wait: duration('How long the first word waits, so that it says more: `30s`. What is critical does not wait.'),
    update: duration('Least time between two words about the same signal: `5m`; 10 seconds if absent.'),
    repeat: duration('Tell again while the signal stays open and nobody has acknowledged it: `4h`.'),
    quiet: {
      type: 'object',
      required: ['from', 'to', 'zone'],
      additionalProperties: false,
      description: 'Hours in which nobody is told: what came then is one message at their end.',
      properties: {
        from: timeOfDay,
        to: timeOfDay,
        zone: { type: 'string', minLength: 1, description: 'Time zone: `Europe/Paris`.' },
        except: { enum: severities, description: 'What is as severe as this is told all the same.' },
      },
    },
    escalate: {
      type: 'array',
      minItems: 1,
      description: 'Whom to tell besides while nobody acknowledges it. Fixed when a signal opens.',
      items: {
        type: 'object',
        required: ['after', 'to'],
        additionalProperties: false,
        properties: { after: duration('How long after the step before: `10m`.'), to: names },
      },
    },
    message: { type: 'string', description: 'Template of the message; the usual message if absent.' },
    enabled: { type: 'boolean' },
  },
}

function section(of: z.ZodType, description: string): Json {
  const schema = z.toJSONSchema(of, { io: 'input', unrepresentable: 'any' }) as Json
  delete schema['$schema']
  return { description, ...schema }
}

function optionsSchema({ definition, package: name }: SchemaPlugin): Json {
  const instanceName = {
    type: 'string',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    description: 'Name of this instance; they must differ.',
  }
  if (!definition.options) return { type: ['object', 'null'], additionalProperties: false, properties: { name: instanceName } }
  const schema = z.toJSONSchema(definition.options, { io: 'input', unrepresentable: 'any', override: refuseUnknownKeys }) as Json
  delete schema['$schema']
  // References inside start at the plugin's own schema.
  if (JSON.stringify(schema).includes('"$ref"')) schema['$id'] = `cws-plugin:${encodeURIComponent(name)}`
  if (schema['type'] !== 'object') return schema
  schema['properties'] = { name: instanceName, ...(schema['properties'] as Json | undefined) }
  if (((schema['required'] as unknown[] | undefined) ?? []).length === 0) schema['type'] = ['object', 'null']
  return schema
}

const asPattern = (name: string): string => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The loader refuses unknown keys also where the plugin's schema would drop them. */
function refuseUnknownKeys({ zodSchema, jsonSchema }: { zodSchema: unknown; jsonSchema: Json }): void {
  const def = defOf(zodSchema as z.ZodType)
  if (def.type === 'object' && def.catchall === undefined) jsonSchema['additionalProperties'] = false
}
