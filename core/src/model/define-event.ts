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
/** `agent.lost_events` nests: agent → lost_events → its fields. */
type Nest<T extends string, S extends Shape> = T extends `${infer Head}.${infer Rest}`
  ? { readonly [N in Head]: Nest<Rest, S> }
  : { readonly [N in T]: S }
type WithCommon<T extends string, S extends Shape> = Nest<T, S> & (T extends `agent.${string}` ? Pick<CommonShape, 'event'> : CommonShape)

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
 * Declares an event type. A third party adds `declare module '@cws/core' { interface EventMap { usb: typeof usb } }` and gets types, checks,
 * schema, docs and completion at once.
 *
 * @throws CwsError CWS_ERR_EVENT_NAME if the name is not `word` or `word.word` in lower case.
 */
export function defineEvent<const T extends string, const S extends Shape>(
  type: T,
  definition: { readonly doc: string; readonly fields: S; readonly mirrors?: 'process' },
): EventDefinition<T, WithCommon<T, S>> {
  if (!EVENT_NAME.test(type) || RESERVED.has(type.split('.')[0] as string))
    throw new CwsError(
      'CWS_ERR_EVENT_NAME',
      `event name ${JSON.stringify(type)} must be lower-case words ("usb", "agent.lost_events") and none that every event has`,
    )
  const own: Shape = type.split('.').reduceRight<Shape>((inner, word) => ({ [word]: inner }), definition.fields)
  const common = type.includes('.') && type.startsWith('agent.') ? { event: commonBlock.event } : commonBlock
  const shape = { ...common, ...own } as Shape
  return {
    type,
    doc: definition.doc,
    shape: shape as WithCommon<T, S>,
    fields: new Map(fieldsOf(shape)),
    agent: type.startsWith('agent.'),
    ...(definition.mirrors ? { mirrors: definition.mirrors } : {}),
  }
}
