import type { EventDefinition } from '../model/define-event.ts'
import type { Field } from '../model/field.ts'
import { standardEvents } from '../model/standard-events.ts'
import type { Signal } from '../signals/signal.ts'
import { bareSignal } from './probes.ts'
import { shownText } from './shown-value.ts'

/** What whoever names files, arguments and containers may put into a message, to become mark-up, a link, a mention, a line or a command somewhere. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  '0',
  '<!channel>',
  '<!here|x>',
  '<@U012AB3CD>',
  '<!subteam^S012|team>',
  '<https://evil.example|https://corp.example/login>',
  '<!date^1392734382^{date}^https://evil.example|click>',
  '<mailto:a@b.example|x>',
  'a`b``c```',
  '*bold* _x_ ~x~ > quote :skull:',
  'x\n*Severity:* info\n- item\n# H\n---\n',
  'https://evil.example @channel #general www.evil.example a@evil.example',
  '[Sign in](https://evil.example) ![](http://evil.example/p) [x]: http://evil.example',
  '{{DATE(2017-02-14T06:08:00Z,SHORT)}} <at>Everyone</at>',
  'x\r\nBcc: evil@x.example\r\n\r\nbody',
  '=?utf-8?Q?=0D=0ABcc:_x=40y.example?=',
  '\r\n.\r\nMAIL FROM:<a@b.example>\r\n',
  '<img src=http://evil.example/x.png><script>alert(1)</script><a href=//evil.example>x</a></td></table>',
  '\\ud800 \ud800 __proto__ constructor',
  '../../admin?x=1#@evil.example\\evil%2e%2e',
  '..',
  '//evil.example',
  'x\n<134>1 2026-01-01T00:00:00Z h app - - - forged',
  ']"\\ %n \u0000',
  '\u009b31m\u001b]52;c;eA==\u0007\u001b]8;;https://evil.example\u0007ok\u001b[2J\r',
  '\u202egpj.exe\u2066\u200b\ufeff\u{e0041}',
  '$(id) `id` ;reboot -rf --config=/tmp/x',
  '{{severity}} {{{{raw}}}} {{#if {{/if}} {{@process.envs}} {{details}}',
  '| a | b |\n|---|---|\n~~~\n$$x$$ &lt;b&gt; &#60;b&#62;',
  'Zq00000000x0q',
  'x'.repeat(5000),
  '\u{1f469}\u200d\u{1f4bb}e\u0301'.repeat(400),
]

/** A signal of the corpus and what it is. */
export interface Example {
  readonly what: string
  readonly signal: Signal
}

/** Every event type with nothing known of it; then hostile values in all of these fields. */
export function* corpus(fields: Iterable<string>, more: readonly EventDefinition[] = []): Generator<Example> {
  const definitions = [...standardEvents, ...more]
  for (const { type } of definitions) yield { what: `${type} of which nothing is known`, signal: { ...bareSignal, event: { type } } }
  const declared = new Map(definitions.flatMap((each) => [...each.fields]))
  for (const text of hostileTexts)
    yield { what: `a signal whose texts are all "${shownText(text, 40)}"`, signal: hostileSignal(text, fields, declared) }
}

/** Every text in it, and every element of every list, is this one. */
export function hostileSignal(text: string, fields: Iterable<string>, declared: ReadonlyMap<string, Field>): Signal {
  const event: Nested = { type: text }
  for (const name of fields) {
    const field = declared.get(name)
    if (field && !field.derived) put(event, name, field, text, declared)
  }
  return {
    ...bareSignal,
    rule: { id: text, name: text },
    title: text,
    message: text,
    advice: text,
    tags: Array.from({ length: ELEMENTS }, () => text),
    host: { name: text },
    group: { 'container.id': text, [text]: text, 'process.argv': [text, text] },
    findings: [{ rule: text, timestamp: text, type: text, fields: { [text]: text } }],
    event,
  }
}

const ELEMENTS = 20

interface Nested {
  [name: string]: unknown
}

function put(event: Nested, name: string, field: Field, text: string, declared: ReadonlyMap<string, Field>): void {
  const value = field.field === 'bool' ? false : field.field === 'int' || field.field === 'int64' ? 7 : text
  const block = blockOf(name, declared)
  if (block === undefined) {
    set(event, name, field.array ? Array.from({ length: ELEMENTS }, () => value) : value)
    return
  }
  const inside = name.slice(block.length + 1)
  const blocks = get(event, block) ?? Array.from({ length: ELEMENTS }, () => ({}))
  set(event, block, blocks)
  if (inside !== 'length') for (const element of blocks as Nested[]) set(element, inside, field.lists ? [value, value] : value)
}

/** The list of objects that a field is one of the fields of: `process.ancestors`. */
function blockOf(name: string, declared: ReadonlyMap<string, Field>): string | undefined {
  const words = name.split('.')
  for (let length = words.length - 1; length > 0; length--) {
    const block = words.slice(0, length).join('.')
    const count = declared.get(`${block}.length`)
    if (count && !count.array && !count.derived && !declared.has(block)) return block
  }
  return undefined
}

function set(into: Nested, name: string, value: unknown): void {
  const words = name.split('.')
  const last = words.pop() as string
  let at = into
  for (const word of words) {
    if (typeof at[word] !== 'object') at[word] = {}
    at = at[word] as Nested
  }
  at[last] = value
}

function get(from: Nested, name: string): unknown {
  return name.split('.').reduce<unknown>((at, word) => (at as Nested | undefined)?.[word], from)
}
