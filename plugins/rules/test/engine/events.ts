import {
  type CheckedRule,
  type Condition,
  compileCondition,
  definePlugin,
  type Matcher,
  type Readable,
  type Recurrence,
  type TextBytes,
  UNKNOWN,
} from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import fc from 'fast-check'
import { anyCondition as plainCondition, anyValues as plainValues } from '../../../../core/test/fixtures/conditions.ts'

/** Conditions and values of exec events, of arguments and environments too: small pools, so that conditions often hold. */
const ARGS = [
  '',
  '-c wget http://x/a | sh',
  '--password=x',
  'é--yes',
  'curl a',
  '-lab',
  'a\nb',
  '\\x41',
  '-c wget http://x/\\x5c | sh',
  '-C Wget \u212a',
]
const TEXTS: Readonly<Record<string, readonly unknown[]>> = {
  'exec.args': [...ARGS, 'x'.repeat(300), UNKNOWN],
  'exec.argv0': ['sh', '[kworker]', '', UNKNOWN],
  'exec.envp': [[], ['LD_PRELOAD=/tmp/x'], ['PATH=/bin', 'A=b'], ['A=b', UNKNOWN], UNKNOWN],
  'process.parent.file.name': ['sh', 'curl', '', UNKNOWN],
}
const pick = <T>(values: readonly T[]) => fc.constantFrom(...values)

export const anyValues: fc.Arbitrary<ReadonlyMap<string, unknown>> = fc
  .tuple(plainValues, fc.record(Object.fromEntries(Object.entries(TEXTS).map(([name, pool]) => [name, pick(pool)]))))
  .map(([values, texts]) => new Map([...values, ...Object.entries(texts).filter(([, value]) => value !== UNKNOWN)]))

const matcher: fc.Arbitrary<Matcher> = pick<Matcher>([
  { kind: 'exact', text: 'curl a' },
  { kind: 'exact', text: '' },
  { kind: 'exact', text: 'sh' },
  { kind: 'pattern', text: '*wget*|*sh' },
  { kind: 'pattern', text: '*--password=*' },
  { kind: 'pattern', text: '*é--*' },
  { kind: 'pattern', text: '[*]' },
  { kind: 'pattern', text: '*' },
  { kind: 'pattern', text: '*x41*' },
  { kind: 'regex', text: '(?:wget|curl) \\S*a' },
  { kind: 'regex', text: '^LD_(?:PRELOAD|AUDIT)=(?:.*[: ])?/(?:tmp|dev/shm)/' },
  { kind: 'regex', text: '-[lc]+a?b?' },
  { kind: 'regex', text: 'x{3}|a$' },
  { kind: 'regex', text: '(?i)WGET' },
  { kind: 'regex', text: '(?i:K)\\b' },
  { kind: 'regex', text: '^-c.*\\|' },
])
const textual: fc.Arbitrary<Condition> = fc.record({
  op: fc.constant('match' as const),
  field: pick(Object.keys(TEXTS)),
  any: fc.array(matcher, { maxLength: 3 }),
})

export const anyCondition: fc.Arbitrary<Condition> = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    textual,
    plainCondition,
    fc.record({ op: pick(['and', 'or'] as const), of: fc.array(tie('condition'), { maxLength: 3 }) }),
    fc.record({ op: fc.constant('not' as const), of: tie('condition') }),
  ),
})).condition

/** What follows from the lineage of a process. */
const SETTLED: ReadonlySet<string> = new Set([
  ...['path', 'name', 'extension', 'memfd'].map((name) => `exec.file.${name}`),
  ...['exec.interpreter.file.path', 'process.file.path', 'process.ancestors.file.name', 'process.parent.file.name', 'process.uid'],
])

/** What follows from how a program was started, besides. */
const TOLD: ReadonlySet<string> = new Set([...SETTLED, 'exec.args', 'exec.argv0', 'exec.envp'])

/** Numbers for what these fields say; `late`: not the first time. */
function numbersOf(fields: ReadonlySet<string>, late: boolean): Recurrence {
  const numbers = new Map<string, number>()
  return {
    fields,
    of(event: Readable) {
      const key = [...fields].map((field) => String([event.get(field)].flat(2).map(String))).join('\0')
      const known = numbers.get(key)
      if (known === undefined) numbers.set(key, numbers.size + 1)
      return known ?? (late ? 0 : numbers.size)
    },
  }
}

const bytes = new Map([
  ['exec.args', (event: Readable) => bytesOf(event.get('exec.args'), 0x20)],
  ['exec.argv0', (event: Readable) => bytesOf(event.get('exec.argv0'), 0x20)],
  ['exec.envp', (event: Readable) => bytesOf(event.get('exec.envp'), 0)],
])

/** Where a text, or the texts of a list, are decoded from: a space may be a zero byte there, between texts there is one. */
function bytesOf(value: unknown, nul: number): TextBytes | undefined {
  if (Array.isArray(value) ? !value.every((one) => typeof one === 'string') : typeof value !== 'string') return undefined
  const text = Buffer.from(`-${Array.isArray(value) ? value.join('\0') : (value as string).replace(' ', '\0')}-`)
  return { bytes: text, start: 1, end: text.length - 1, nul }
}

/** Makes events as dispatch would see them: kept ones, and those that know the number of what recurs of them. */
export class Events implements AsyncDisposable {
  readonly #pipeline: TestPipeline
  readonly definition
  readonly #recurrence
  readonly #finer

  private constructor(pipeline: TestPipeline) {
    this.#pipeline = pipeline
    this.definition = pipeline.runtime.engine.events.get('exec')
    this.#recurrence = numbersOf(SETTLED, false)
    this.#finer = { ...this.#recurrence, finer: numbersOf(TOLD, true) }
  }

  static async make(): Promise<Events> {
    return new Events(await TestPipeline.of([definePlugin(import.meta, { name: 'none', setup() {} })()]))
  }

  of(values: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>): Readable {
    return this.#pipeline.runtime.engine.keptEvent(this.definition, new Map(values instanceof Map ? values : Object.entries(values)))
  }

  /** The same, of a feed that knows what recurs, and where the bytes of texts are. */
  recurring(values: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>): Readable {
    return Object.assign(this.of(values), { recurrence: this.#recurrence, bytes })
  }

  /** The same, of a feed that also knows how programs were started. */
  told(values: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>): Readable {
    return Object.assign(this.of(values), { recurrence: this.#finer, bytes })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pipeline.stop()
  }
}

export const ruleOf = (condition: Condition, i: number) => ({ id: `rule-${i}`, on: 'exec', condition }) as CheckedRule

/** Each rule judged by itself, whole. */
export function oracle(rules: readonly CheckedRule[], event: Readable) {
  const truths = rules.map((rule) => ({ rule, truth: compileCondition(rule.condition)(event) }))
  const of = (wanted: unknown) => truths.filter(({ truth }) => truth === wanted).map(({ rule }) => rule.id)
  return { fired: of(true), undecided: of(UNKNOWN) }
}
