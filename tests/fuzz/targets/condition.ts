import { simplify } from '../../../core/src/condition/analyse.ts'
import { compileCondition } from '../../../core/src/condition/compile.ts'
import { fromWhere } from '../../../core/src/condition/from-where.ts'
import type { Condition, Scope } from '../../../core/src/condition/ir.ts'
import { parseCondition } from '../../../core/src/condition/parse.ts'
import { printCondition } from '../../../core/src/condition/print.ts'
import { CwsError } from '../../../core/src/errors/cws-error.ts'
import { change } from '../../../core/src/model/events/change.ts'
import { exec } from '../../../core/src/model/events/exec.ts'
import { open } from '../../../core/src/model/events/open.ts'
import { UNKNOWN } from '../../../core/src/model/unknown.ts'
import { signalScope } from '../../../core/src/signals/scope.ts'
import type { Random } from '../../support/seed.ts'
import { anyValue, mutated } from '../mutate.ts'

const SCOPES: readonly Scope[] = [exec, open, change, signalScope()]
const EXPRESSIONS = [
  'exec.file.path in ["/tmp/**", ~"/dev/shm/*", r"^/run/[a-z]{2,9}$"] && process.ancestors.file.name not in ["sshd", "cron"]',
  'process.args =~ "*curl*|*sh" || !(process.uid == 0 && process.gid != 0)',
  'open.flags & (O_WRONLY|O_RDWR) != O_RDWR and open.file.path == ~"/etc/**/sshd_config"',
  'severity >= medium && rule.id != "a" && count > 3 && title =~ "*x*"',
  'process.ancestors.length == 3 or process.created_at < 5s + 2500ms',
  'change.kind in ["created", "renamed"] && change.file.destination.path =~ "/etc/cron.d/*"',
  '((((true))))|1&3==1^~5',
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
]
const PLACES = [...exec.fields.keys(), ...open.fields.keys(), ...change.fields.keys()]
const WORDS = [...OPERATORS, ...PLACES]
const KEYS = [...PLACES, 'all', 'any', 'none', 'equals', 'regex', 'lt', 'gte', 'bits', 'not', '/etc/**', '(a|aa)+$', '*a*b*c*']
/** What an attacker names things: long, and made to go back and forth over. */
const NAMES = ['', 'a'.repeat(20_000), '/'.repeat(5_000), `/tmp/${'ab'.repeat(9_000)}\n`, '\ud800', '*', '\\', '/etc/ssh/sshd_config']

const judge = (condition: Condition, random: Random): void => {
  const text = random.one(NAMES)
  const value = random.one([text, [text, random.one(NAMES)], 0, -1n, true, UNKNOWN])
  const verdict = compileCondition(condition)({ get: () => value })
  if (verdict !== true && verdict !== false && verdict !== UNKNOWN) throw new Error(`judged ${String(verdict)}`)
}

/** Any text and any object is a condition or refused as one; what is a condition can be judged on anything, printed, and parsed again. */
export default function run(random: Random): void {
  const scope = random.one(SCOPES)
  let condition: Condition
  try {
    condition = random.below(3)
      ? parseCondition(mutated(EXPRESSIONS, random, WORDS), scope, () => {})
      : fromWhere(anyValue(random, KEYS, 6) as never, scope)
  } catch (error) {
    if (error instanceof CwsError && error.code === 'CWS_ERR_CONDITION') return
    throw error
  }
  judge(simplify(condition), random)
  printCondition(condition)
}
