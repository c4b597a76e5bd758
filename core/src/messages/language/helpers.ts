import type { Refuse } from '../../condition/source.ts'
import { UNKNOWN } from '../../model/unknown.ts'
import { ARGUMENT_LIMITS, cut, FIELD_LIMITS, PROSE_LIMITS, textOf } from '../shown-value.ts'
import type { Value } from '../value.ts'
import { parseArithmetic } from './arithmetic.ts'
import type { Expression } from './expression.ts'
import { localTime, zoneNamed } from './local-time.ts'
import type { Run } from './run.ts'

/** What a helper was given in the template. */
export type Argument = { readonly at: number } & (
  | { readonly kind: 'text'; readonly text: string; readonly name: () => Expression }
  | { readonly kind: 'literal'; readonly value: number | boolean }
  | { readonly kind: 'expression'; readonly expression: Expression }
)

/** One use of a helper. */
export interface Call {
  readonly name: string
  readonly at: number
  readonly args: readonly Argument[]
  readonly refuse: Refuse
  /** What a name means where the helper is used. */
  readonly nameAt: (name: string, at: number) => Expression
}

/** docs/templates.md is made of these. */
export interface Helper {
  readonly usage: string
  readonly doc: string
  readonly make: (call: Call) => Expression
  /** It is true or false: a block can be of it. */
  readonly condition?: true
}

const CHANNEL = /^[a-z][a-z0-9-]{0,31}$/
const MENTION_ID = /^[A-Za-z0-9@._:+-]{1,128}$/

/** A helper is one by being given something: `{{count}}` is a variable. */
export const helpers: Readonly<Record<string, Helper>> = {
  is_match: {
    usage: '{{#is_match "severity" "high" "critical"}}…{{/is_match}}',
    doc: 'Holds if the value of the named variable, or an element of it, contains one of the texts. The text `""` stands for what is empty or unknown.',
    condition: true,
    make: (call) => matching(call, (value, text) => value.includes(text)),
  },
  is_exact_match: {
    usage: '{{#is_exact_match "host.name" "web-1"}}…{{/is_exact_match}}',
    doc: 'The same, where the value must be equal to one of the texts.',
    condition: true,
    make: (call) => matching(call, (value, text) => value === text),
  },
  and: {
    usage: '{{#if (and @container.id advice)}}…{{/if}}',
    doc: 'All of the values hold.',
    condition: true,
    make: (call) => combined(call, (values, run) => values.every((read) => holds(read(run)))),
  },
  or: {
    usage: '{{#if (or advice @container.id)}}…{{/if}}',
    doc: 'One of the values holds.',
    condition: true,
    make: (call) => combined(call, (values, run) => values.some((read) => holds(read(run)))),
  },
  not: {
    usage: '{{#if (not @container.id)}}…{{/if}}',
    doc: 'The value does not hold.',
    condition: true,
    make: (call) => {
      const [value] = exactly(call, 1)
      const { read } = anyValue(call, value)
      return { read: (run) => !holds(read(run)) }
    },
  },
  eval: {
    usage: '{{eval "first_seen_epoch-15*60*1000"}}',
    doc: 'Works out `+ - * / %`, comparisons, `&& || !` and parentheses over numbers and names. What is no number makes it unknown.',
    make: (call) => {
      const [argument] = exactly(call, 1)
      if (argument?.kind !== 'text') return call.refuse(call.at, 'eval: the expression is written between quotes: {{eval "count * 2"}}')
      return { read: parseArithmetic(argument.text, argument.at + 1, call.refuse, call.nameAt) }
    },
  },
  local_time: {
    usage: '{{local_time "last_seen" "Europe/Paris"}}',
    doc: 'A time in a time zone, ISO 8601 with its offset.',
    make: (call) => {
      const [what, zone] = exactly(call, 2)
      const { read } = named(call, what)
      const place = literalText(call, zone, 'a time zone')
      const format = zoneNamed(place, (message, near) => call.refuse(zone?.at ?? call.at, `local_time: ${message}`, place, near))
      return { read: (run) => localTime(read(run), format) }
    },
  },
  urlencode: {
    usage: '{{urlencode "rule_name"}}',
    doc: 'A value as it stands in a URL. In the URL of a link every value is encoded without being asked.',
    make: (call) => {
      const [what] = exactly(call, 1)
      const { read, limits = FIELD_LIMITS } = named(call, what)
      return {
        read: (run) => encodeURIComponent(cut(textOf(read(run)), limits.whole).toWellFormed()),
        encoded: true,
        limits: { text: 8192, whole: 8192 },
      }
    },
  },
  default: {
    usage: '{{default @process.tty_name "no terminal"}}',
    doc: 'The second where the first is empty or unknown.',
    make: (call) => {
      const [what, otherwise] = exactly(call, 2)
      const first = anyValue(call, what)
      const second = anyValue(call, otherwise)
      return {
        limits: first.limits ?? FIELD_LIMITS,
        read: (run) => {
          const value = first.read(run)
          return isEmpty(value) ? second.read(run) : value
        },
      }
    },
  },
  join: {
    usage: '{{join tags " · "}}',
    doc: 'The elements of a list with a text between them.',
    make: (call) => {
      const [what, between] = exactly(call, 2)
      const { read, limits = ARGUMENT_LIMITS } = anyValue(call, what)
      const separator = literalText(call, between, 'a text')
      return {
        limits: { text: limits.whole, whole: limits.whole },
        read: (run) => {
          const value = read(run)
          return Array.isArray(value)
            ? value
                .slice(0, 256)
                .map((each: Value) => cut(textOf(each), limits.text))
                .join(separator)
            : value
        },
      }
    },
  },
  truncate: {
    usage: '{{truncate @process.args 80}}',
    doc: 'At most so many characters; what is cut ends with `…(+n)`.',
    make: (call) => {
      const [what, length] = exactly(call, 2)
      const { read } = anyValue(call, what)
      if (length?.kind !== 'literal' || typeof length.value !== 'number' || !(length.value >= 1 && length.value <= 4096))
        return call.refuse(length?.at ?? call.at, 'truncate: the length is a number from 1 to 4096')
      const limit = Math.floor(length.value)
      // What says how much was cut is not cut again.
      return { read: (run) => ofText(read(run), (text) => cut(text, limit)), limits: { text: limit + 16, whole: limit + 16 } }
    },
  },
  upper: { usage: '{{upper severity}}', doc: 'In capitals.', make: (call) => changed(call, (text) => text.toUpperCase()) },
  lower: { usage: '{{lower host.name}}', doc: 'In small letters.', make: (call) => changed(call, (text) => text.toLowerCase()) },
  count: {
    usage: '{{count tags}}',
    doc: 'How many elements a list has. Alone it is the variable `count`.',
    make: (call) => {
      const [what] = exactly(call, 1)
      const { read, list } = anyValue(call, what)
      if (!list) call.refuse(what?.at ?? call.at, 'count: this is no list')
      return {
        read: (run) => {
          const value = read(run)
          return Array.isArray(value) ? value.length : UNKNOWN
        },
      }
    },
  },
  tag: {
    usage: '{{tag "mitre"}}',
    doc: 'What stands behind `mitre:` in a tag of the signal or its container. `{{service.name}}` is short for `{{tag "service"}}`.',
    make: (call) => {
      const [key] = exactly(call, 1)
      return call.nameAt(`[${literalText(call, key, 'the key of a tag').replace(/[[\]]/g, '')}].name`, call.at)
    },
  },
  mention: {
    usage: '{{mention "slack" "S012AB3CD"}}',
    doc: 'Calls somebody in channels of that kind; others leave it out. Both texts stand in the template, never a value, and the destination must allow it.',
    make: (call) => {
      const [channel, id] = exactly(call, 2)
      const kind = literalText(call, channel, 'the kind of channel')
      const who = literalText(call, id, 'an id')
      if (!CHANNEL.test(kind)) call.refuse(channel?.at ?? call.at, `mention: "${kind}" is no kind of channel, such as "slack"`)
      if (!MENTION_ID.test(who)) call.refuse(id?.at ?? call.at, 'mention: the id has letters, digits and @._:+- alone, at most 128')
      return { read: () => UNKNOWN, special: { kind: 'mention', channel: kind, id: who } }
    },
  },
}

/** What `{{#if}}` takes for true: all but what is unknown, empty, 0 and false. */
export function holds(value: Value): boolean {
  return value !== 0 && value !== 0n && value !== false && !isEmpty(value)
}

function isEmpty(value: Value): boolean {
  return value === UNKNOWN || value === '' || (Array.isArray(value) && value.length === 0)
}

function matching(call: Call, test: (value: string, text: string) => boolean): Expression {
  const [what, ...rest] = call.args
  if (rest.length === 0) call.refuse(call.at, `${call.name}: a name and at least one text are needed: {{#${call.name} "severity" "high"}}`)
  const { read } = named(call, what)
  const texts = rest.map((argument) => literalText(call, argument, 'a text'))
  return {
    read: (run) => {
      const value = read(run)
      const elements = Array.isArray(value) ? value : [value]
      const known = elements.filter((each) => !isEmpty(each)).map(textOf)
      return texts.some((text) => (text === '' ? known.length === 0 : known.some((each) => test(each, text))))
    },
  }
}

function combined(call: Call, test: (values: readonly Expression['read'][], run: Run) => boolean): Expression {
  if (call.args.length < 2) call.refuse(call.at, `${call.name}: at least two values are needed`)
  const values = call.args.map((argument) => anyValue(call, argument).read)
  return { read: (run) => test(values, run) }
}

function changed(call: Call, change: (text: string) => string): Expression {
  const [what] = exactly(call, 1)
  const { read, limits = FIELD_LIMITS } = anyValue(call, what)
  return { limits, read: (run) => ofText(read(run), change) }
}

function ofText(value: Value, change: (text: string) => string): Value {
  if (value === UNKNOWN) return value
  return Array.isArray(value) ? value.map((each: Value) => ofText(each, change)) : change(textOf(value))
}

function exactly({ name, args, at, refuse }: Call, count: number): readonly Argument[] {
  if (args.length !== count)
    refuse(at, `${name} takes ${count} ${count === 1 ? 'value' : 'values'}, but ${args.length} came: ${helpers[name]?.usage}`)
  return args
}

/** A variable, by its name between quotes or without. */
function named(call: Call, argument: Argument | undefined): Expression {
  if (argument?.kind === 'text') return plain(call, argument.name(), argument.at)
  if (argument?.kind === 'expression') return plain(call, argument.expression, argument.at)
  return call.refuse(argument?.at ?? call.at, `${call.name}: a name was expected`)
}

function anyValue(call: Call, argument: Argument | undefined): Expression {
  if (argument?.kind === 'expression') return plain(call, argument.expression, argument.at)
  if (argument?.kind === 'text') return { read: () => argument.text, limits: PROSE_LIMITS }
  if (argument?.kind === 'literal') return { read: () => argument.value }
  return call.refuse(call.at, `${call.name}: a value was expected`)
}

function plain(call: Call, expression: Expression, at: number): Expression {
  if (expression.special || (expression.list?.of === 'blocks' && call.name !== 'count')) call.refuse(at, `${call.name}: this is no value`)
  return expression
}

function literalText({ name, at, refuse }: Call, argument: Argument | undefined, what: string): string {
  return argument?.kind === 'text' ? argument.text : refuse(argument?.at ?? at, `${name}: ${what} was expected, written between quotes`)
}
