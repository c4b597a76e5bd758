import { fieldsIn, required, simplify } from '../../../core/src/condition/analyse.ts'
import { compileCondition } from '../../../core/src/condition/compile.ts'
import type { Environment } from '../../../core/src/condition/environment.ts'
import { explainExpression } from '../../../core/src/condition/explain.ts'
import { fromWhere } from '../../../core/src/condition/from-where.ts'
import type { Condition, Scope } from '../../../core/src/condition/ir.ts'
import { type MacroDefinition, parseMacro } from '../../../core/src/condition/macro.ts'
import { parseCondition } from '../../../core/src/condition/parse.ts'
import { parseValue } from '../../../core/src/condition/parse-value.ts'
import { partial } from '../../../core/src/condition/partial.ts'
import { printCondition } from '../../../core/src/condition/print.ts'
import { CwsError } from '../../../core/src/errors/cws-error.ts'
import { change } from '../../../core/src/model/events/change.ts'
import { exec } from '../../../core/src/model/events/exec.ts'
import { open } from '../../../core/src/model/events/open.ts'
import { type Field, ip, ips, string } from '../../../core/src/model/field.ts'
import { UNKNOWN } from '../../../core/src/model/unknown.ts'
import { signalScope } from '../../../core/src/signals/scope.ts'
import type { Random } from '../../support/seed.ts'
import { anyValue, mutated } from '../mutate.ts'

const network: Scope = {
  type: 'c',
  fields: new Map(
    Object.entries({
      'c.addr.ip': ip(''),
      'c.ips': ips(''),
      'c.addr.hostname': string('', { caseless: true }),
      'c.file.extension': string(''),
    }),
  ),
}
const SCOPES: readonly Scope[] = [exec, open, change, signalScope(), network]
const EXPRESSIONS = [
  'exec.file.path in ["/tmp/**", ~"/dev/shm/*", r"^/run/[a-z]{2,9}$"] && process.ancestors.file.name not in ["sshd", "cron"]',
  'process.args =~ "*curl*|*sh" || !(process.uid == 0 && process.gid != 0)',
  'open.flags & (O_WRONLY|O_RDWR) != O_RDWR and open.file.path == ~"/etc/**/sshd_config"',
  'severity >= medium && rule.id != "a" && count > 3 && title =~ "*x*"',
  'process.ancestors.length == 3 or process.created_at < 5s + 2500ms',
  'change.kind in ["created", "renamed"] && change.file.destination.path =~ "/etc/cron.d/*"',
  '((((true))))|1&3==1^~5',
  'process.ancestors[A].uid == 0 && process.ancestors[A].argv in ["-c", ~"*curl*"] || process.argv[1] != ""',
  '"%{process.comm}:${s}" == process.args && %{process.argv.length} + ${n} >= 07 && ${ss.length} < 3',
  'process.comm in ${ss} and (${b} == (process.uid in M)) && event.timestamp - process.created_at < 5s',
  'c.addr.ip in [10.0.0.0/8, ::1, fe80::/10] || c.ips allin 192.168.0.0/16 || c.addr.hostname =~ "*.Example.com"',
  'exec.file.name in L && ${builtins.uuid4} != "x" && ${process.pid} - process.pid == ^-1',
]
const OPERATORS = [
  '==',
  '!=',
  '=~',
  '!~',
  'in',
  'not in',
  'allin',
  '&&',
  '||',
  'and',
  'or',
  'not',
  '!',
  '(',
  ')',
  '[',
  ']',
  '&',
  '|',
  '^',
  '~"',
  'r"(a+)+$"',
  '5s',
  '0x',
  '0644',
  '${s}',
  '${n',
  '%{process.comm}',
  'process.ancestors[A].comm',
  'process.argv[999999999]',
  '::ffff:10.1.2.3',
  '10.0.0.0/33',
  'M',
  'L',
  'R',
]
const PLACES = [...exec.fields.keys(), ...open.fields.keys(), ...change.fields.keys()]
const WORDS = [...OPERATORS, ...PLACES]
const KEYS = [...PLACES, 'all', 'any', 'none', 'equals', 'regex', 'lt', 'gte', 'bits', 'not', '/etc/**', '(a|aa)+$', '*a*b*c*']
/** What an attacker names things: long, and made to go back and forth over. */
const NAMES = ['', 'a'.repeat(20_000), '/'.repeat(5_000), `/tmp/${'ab'.repeat(9_000)}\n`, '\ud800', '*', '\\', '/etc/ssh/sshd_config']

const MACROS = ['process.uid == 0 || R', '["a", ~"b*", r"c"]', 'M && L', '[1, 2]', '(1 + 2) & 3', '10.0.0.0/8', '"${s}"', 'R', '!R']
const VARIABLES: Environment['variables'] = new Map([
  ['s', { kind: 'string', array: false }],
  ['n', { kind: 'int', array: false }],
  ['b', { kind: 'bool', array: false }],
  ['ss', { kind: 'string', array: true }],
])

const anyEnvironment = (random: Random): Environment => {
  const macro = (name: string) => {
    const definition: MacroDefinition = random.below(4) ? { expression: mutated(MACROS, random, WORDS) } : { values: ['a', '${s}', '*'] }
    return [name, parseMacro(name, definition)] as const
  }
  return { macros: new Map(['M', 'L', 'R'].map(macro)), variables: VARIABLES, report: () => {}, strict: random.below(8) === 0 }
}

const judge = (condition: Condition, random: Random): void => {
  const text = random.one(NAMES)
  const value = random.one([text, [text, random.one(NAMES)], 0, -1n, true, UNKNOWN])
  const verdict = compileCondition(condition)({ get: () => value })
  if (verdict !== true && verdict !== false && verdict !== UNKNOWN) throw new Error(`judged ${String(verdict)}`)
}

const refused = (error: unknown): boolean => error instanceof CwsError && error.code === 'CWS_ERR_CONDITION'

/** An expression, with macros and variables, can be judged, explained to the same end, and looked into. */
const expression = (random: Random, scope: Scope): Condition => {
  const environment = anyEnvironment(random)
  const text = mutated(EXPRESSIONS, random, WORDS)
  try {
    parseValue(text, scope, environment)
  } catch (error) {
    if (!refused(error)) throw error
  }
  const condition = parseCondition(text, scope, () => {}, environment)
  const values: Readonly<Record<Field['field'], unknown>> = {
    string: random.one(NAMES),
    path: random.one(NAMES),
    ip: random.one(['10.1.2.3', '', 'fe80::1%eth0', '::ffff:1.2.3.4/97', '1.2.3', '::1/']),
    int: random.one([0, 1, -1, Number.MAX_SAFE_INTEGER]),
    int64: random.one([0n, -1n, 2n ** 63n - 1n, 2n ** 64n - 1n]),
    bool: random.one([true, false]),
  }
  const unknown = random.below(6)
  const subject = {
    get: (name: string): unknown => {
      const field = scope.fields.get(name)
      if (!field || unknown === 0) return UNKNOWN
      const value = unknown === 1 && field.array ? UNKNOWN : values[field.field]
      return name.endsWith('.length') ? 1 : !field.array ? value : field.lists ? [[value]] : [value]
    },
  }
  // What changes from one reading to the next can be judged in two ways.
  if (!text.includes('uuid4') && !fieldsIn(condition).has('${builtins.uuid4}')) {
    const { truth } = explainExpression(text, scope, subject, environment)
    const verdict = compileCondition(condition)(subject)
    if (verdict !== truth) throw new Error(`judged ${String(verdict)}, explained as ${String(truth)}: ${text}`)
  }
  for (const field of fieldsIn(condition)) {
    required(condition, field)
    partial(condition, field, subject.get(field))
  }
  return condition
}

/** Any text and any object is a condition or refused as one; what is a condition can be judged on anything, printed, and parsed again. */
export default function run(random: Random): void {
  const scope = random.one(SCOPES)
  let condition: Condition
  try {
    condition = random.below(3) ? expression(random, scope) : fromWhere(anyValue(random, KEYS, 6) as never, scope)
  } catch (error) {
    if (refused(error)) return
    throw error
  }
  judge(simplify(condition), random)
  printCondition(condition)
}
