import { CwsError } from '../errors/cws-error.ts'
import { commonBlock } from './blocks/common.ts'
import { type Field, fieldsOf, type Shape } from './field.ts'

/** An event type of the model: a name, its fields and their meaning. No code. */
export interface EventDefinition<T extends string = string, S extends Shape = Shape> {
  readonly type: T
  readonly doc: string
  /** The event's own fields below its name, and the common ones. */
  readonly shape: S
  /** All fields by dotted name, in order of declaration. */
  readonly fields: ReadonlyMap<string, Field>
  /** Events about the agent itself have no acting process. */
  readonly agent: boolean
  /** The event's own block describes its acting process: the two are the same. */
  readonly mirrors?: 'process'
}

export type CommonShape = typeof commonBlock
type None = Readonly<Record<never, never>>
/** `agent.lost_events` nests: agent → lost_events → its fields. */
type Nest<T extends string, S extends Shape> = T extends `${infer Head}.${infer Rest}`
  ? { readonly [N in Head]: Nest<Rest, S> }
  : { readonly [N in T]: S }
type WithCommon<T extends string, S extends Shape, B> = Nest<T, S> &
  B &
  (T extends `agent.${string}` ? Pick<CommonShape, 'event'> : CommonShape)

/** Words that an event object, or its line, needs for itself. */
const RESERVED = new Set([
  'type',
  'kind',
  'host',
  'timestamp',
  'keep',
  'get',
  'toJSON',
  'definition',
  'redactors',
  'told',
  'cursor',
  'pid',
  'values',
  'actor',
  'live',
  'pending',
  'kept',
  'event',
  'process',
  'container',
  'cgroup',
  'constructor',
])
const EVENT_NAME = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$/

/**
 * Declares an event type. `blocks` are those that it shares with some others under names of their own (`network`), beside the common ones. A third
 * party adds `declare module '@cws/core' { interface EventMap { usb: typeof usb } }` and gets types, checks, schema, docs and completion at once.
 *
 * @throws CwsError CWS_ERR_EVENT_NAME if the name is not `word` or `word.word` in lower case.
 */
export function defineEvent<const T extends string, const S extends Shape, const B extends Shape = None>(
  type: T,
  definition: { readonly doc: string; readonly fields: S; readonly blocks?: B; readonly mirrors?: 'process' },
): EventDefinition<T, WithCommon<T, S, B>> {
  if (!EVENT_NAME.test(type) || RESERVED.has(type.split('.')[0] as string))
    throw new CwsError(
      'CWS_ERR_EVENT_NAME',
      `event name ${JSON.stringify(type)} must be lower-case words ("usb", "agent.lost_events") and none that every event has`,
    )
  const own: Shape = type.split('.').reduceRight<Shape>((inner, word) => ({ [word]: inner }), definition.fields)
  const agent = type.startsWith('agent.')
  const shape = { ...(agent ? { event: commonBlock.event } : commonBlock), ...definition.blocks, ...own } as Shape
  let fields: ReadonlyMap<string, Field> | undefined
  return {
    type,
    doc: definition.doc,
    shape: shape as WithCommon<T, S, B>,
    // Hundreds for each type, of which most are never looked at.
    get fields() {
      fields ??= new Map(fieldsOf(shape))
      return fields
    },
    agent,
    ...(definition.mirrors ? { mirrors: definition.mirrors } : {}),
  }
}

/** The fields of an event type that not every event has. */
export function ownFieldsOf(definition: EventDefinition): Iterable<readonly [name: string, field: Field]> {
  const own = Object.entries(definition.shape).filter(([name]) => !Object.hasOwn(commonBlock, name))
  return fieldsOf(Object.fromEntries(own))
}
