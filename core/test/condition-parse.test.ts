import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { simplify } from '../src/condition/analyse.ts'
import { compileCondition } from '../src/condition/compile.ts'
import type { Condition, Matcher, Readable, Scope } from '../src/condition/ir.ts'
import { parseCondition } from '../src/condition/parse.ts'
import { printCondition } from '../src/condition/print.ts'
import { CwsError } from '../src/errors/cws-error.ts'
import { exec } from '../src/model/events/exec.ts'
import { open } from '../src/model/events/open.ts'
import { int } from '../src/model/field.ts'
import { isKnown, type Truth, UNKNOWN } from '../src/model/unknown.ts'

const NOW = 1_800_000_000_000_000_000n
const curl: Record<string, unknown> = {
  'event.timestamp': NOW,
  'exec.file.path': '/usr/bin/curl',
  'exec.file.name': 'curl',
  'exec.comm': 'curl',
  'process.comm': 'curl',
  'process.uid': 1000,
  'process.pid': 4242,
  'process.is_kworker': false,
  'process.args': '-sSL --max-time 5 https://x.test/a',
  'process.argv': ['-sSL', '--max-time', '5', 'https://x.test/a'],
  'process.created_at': NOW - 3_000_000_000n,
  'process.ancestors.comm': ['bash', 'sshd', 'systemd'],
  'process.ancestors.pid': [10, 5, 1],
  'process.ancestors.uid': [1000, 0, 0],
  'process.ancestors.is_thread': [true, false, true],
  'process.ancestors.length': 3,
}
const sshdConfig: Record<string, unknown> = {
  ...curl,
  'open.file.path': '/etc/ssh/sshd_config',
  'open.file.name': 'sshd_config',
  'open.flags': 65,
}

const subject = (values: Record<string, unknown>): Readable => ({ get: (field) => (field in values ? values[field] : UNKNOWN) })
const judge = (text: string, scope: Scope = exec, values = scope === open ? sshdConfig : curl): Truth =>
  compileCondition(parseCondition(text, scope))(subject(values))

describe('the expression language', () => {
  it.each<[string, boolean]>([
    ['false && false || true', false],
    ['true || false && false', true],
    ['true && false || true', true],
    ['(false && false) || true', true],
    ['false or true and false', false],
    ['1 == 3 & 1', true],
    ['0 != 2 & 1', false],
    ['1 + 2 & 2 == 3', true],
    ['6 & 3 | 1 == 2', true],
    ['8 | 4 & 1 == 8', true],
    ['10 - 3 - 2 == 5', true],
    ['10 - -3 == 13', true],
    ['--4 == 4', true],
    ['^0 == -1', true],
    ['+5 == 5', true],
    ['!true == false', true],
    ['not false && false', false],
    ['!(process.uid == 0)', true],
    ['true == 1 == 1', true],
    ['true == process.uid in [1000]', true],
    ['true & & true', true],
    ['5 > = 5', true],
    ['process.comm =~ "cu*"', true],
    ['process.comm ==~"cu*"', true],
    ['420 == 0644', true],
    ['process.uid == 1000 # tail', true],
    ['"a#b" == "a#b" // tail', true],
    ['"a\\n" == "a\\\\n"', false],
    ['!process.is_kworker && exec.comm != "x"', true],
    ['exec.file.name == "Curl"', false],
    ['exec.file.name =~ "c*l"', true],
    ['exec.file.name =~ "c?rl"', false],
    ['exec.file.name == "c*"', false],
    ['exec.file.name == ~"c*"', true],
    ['exec.file.name != ~"c*"', false],
    ['exec.file.name in ["c*", "wget"]', false],
    ['exec.file.name in [~"c*", "wget"]', true],
    ['exec.file.name in ["wget", r"^cu"]', true],
    ['exec.file.name == r"ur"', true],
    ['exec.file.name == r"^ur"', false],
    ['~"cu*" == exec.file.name', true],
    ['exec.file.name == process.comm', true],
    ['process.args =~ "*x.test/*"', true],
    ['process.ancestors.comm == "sshd"', true],
    ['process.ancestors.comm != "sshd"', false],
    ['process.ancestors.comm !~ "ngin*"', true],
    ['process.ancestors.uid == 0 && process.ancestors.comm == "bash"', true],
    ['process.ancestors.comm not in ["sshd", "bash"]', false],
    ['process.ancestors.uid > 500', true],
    ['process.ancestors.uid < 500', true],
    ['500 > process.ancestors.uid', true],
    ['process.ancestors.uid in [7, 1000]', true],
    ['process.ancestors.comm allin ["bash"]', true],
    ['"sshd" in process.ancestors.comm', true],
    ['~"ss*" in process.ancestors.comm', true],
    ['process.ancestors.comm in process.argv', false],
    ['process.ancestors.length == 3', true],
    ['process.ancestors.is_thread == false', true],
    ['process.created_at < 5s', true],
    ['process.created_at > 5s', false],
    ['process.created_at > 2500ms', true],
    ['10s + 40s == 50s', true],
    ['5s > process.created_at', false],
  ])('%s', (text, expected) => expect(judge(text)).toBe(expected))

  it.each<[string, boolean]>([
    ['open.flags in [ O_RDONLY, O_RDWR ]', false],
    ['open.file.path =~ "/etc/*"', false],
    ['open.file.path =~ "/etc/**"', true],
    ['open.file.path == ~"/etc/**/sshd_config"', true],
    ['open.file.path == ""', false],
    ['open.flags & O_CREAT > 0', true],
    ['open.flags & 3 == O_WRONLY', true],
    ['open.flags & (O_WRONLY|O_RDWR) != O_RDWR', true],
    ['open.flags & (O_TRUNC|O_APPEND) > 0', false],
    ['0 < O_CREAT & open.flags', true],
    ['open.flags & O_APPEND == 0', true],
  ])('%s, on an open', (text, expected) => expect(judge(text, open)).toBe(expected))

  it.each([
    '10 -3 == 7',
    '10-3 == 7',
    'not process.comm == "x"',
    '1 == 1 == true',
    'process.uid in [1000] == true',
    'process.comm =~"cu*"',
    'open.flags in [O_RDONLY, O_RDWR]',
    'process.uid in[1000]',
    'process.uid in []',
    'process.uid in [1000,]',
    'process.comm in ["curl", 5]',
    'process.uid in ["1000"]',
    'process.comm in "curl"',
    'process.uid == 0x3E8',
    '8 == 08',
    'process.uid == 1\r\n',
    'process.comm == "curl" && process.uid',
    'process.is_kworker == 0',
    'exec.file.name =~ process.comm',
    'exec.file.name > "a"',
    'process.comm =~ "cu**"',
    'process.comm == r"(cu"',
    '"sshd" == process.ancestors.comm',
    'process.ancestors.comm == process.argv',
    'process.comm[0] == "c"',
    'process.created_at != 5s',
    'process.created_at < 5d',
    'process.created_at < 1h30m',
    'process.created_at < 5ss',
    '${nope} == 1',
    'exec && process.uid == 0',
    '',
    '(process.uid == 0',
    'process.comm == "curl',
    'process.pid == 99999999999999999999',
    'exec.file.path == "etc/passwd"',
    'exec.file.path == "/etc/ssh/"',
    'exec.file.path not in ["/etc/../x"]',
    'exec.file.path == r"/etc/.*"',
    'exec.file.path == ~"*"',
    'exec.file.path == ~"/etc/**/ssh/**"',
  ])('refuses %j', (text) => expect(() => parseCondition(text, text.includes('open') ? open : exec)).toThrow(CwsError))

  it('knows a missing value from an empty one', () => {
    expect(judge('container.id == ""')).toBe(UNKNOWN)
    expect(judge('container.id == "" || process.uid == 1000')).toBe(true)
  })

  it('knows the constants of a scope', () => {
    const severity = int('', { constants: { info: 0, low: 1, medium: 2, high: 3, critical: 4 } })
    const scope: Scope = { type: 'signal', fields: new Map([['severity', severity]]) }
    expect(parseCondition('severity >= medium', scope)).toEqual({ op: 'compare', field: 'severity', cmp: '>=', value: 2 })
    expect(() => parseCondition('severity >= mediun', scope)).toThrow(/did you mean "medium"/)
  })

  it('points at the place', () => {
    try {
      parseCondition('process.uid == 0 &&\n  exec.file.nme == "x"', exec)
      expect.unreachable()
    } catch (error) {
      const { code, message, frame } = error as CwsError
      expect(code).toBe('CWS_ERR_CONDITION')
      expect(message).toBe('2:3: exec has no field or constant "exec.file.nme"; did you mean "exec.file.name"?')
      expect(frame).toContain('> 2 |   exec.file.nme == "x"\n    |   ^')
    }
  })

  it('warns where "&&" and "||" mix', () => {
    const warnings: string[] = []
    parseCondition('process.uid == 0 && process.gid == 0 || process.euid == 0', exec, (warning) => warnings.push(warning))
    parseCondition('process.uid == 0 && (process.gid == 0 || process.euid == 0)', exec, (warning) => warnings.push(warning))
    expect(warnings).toEqual(['1:18: "&&" and "||" group to the right when they are mixed: add parentheses'])
  })

  it('is bounded', () => {
    for (const text of ['('.repeat(60_000), '!'.repeat(60_000), `1${'+1'.repeat(30_000)}`, '1&'.repeat(30_000), 'true == '.repeat(8000)])
      expect(() => parseCondition(text, exec)).toThrow(CwsError)
    expect(() => parseCondition(`${'process.uid == 0 && process.gid == 0 || '.repeat(1500)}true`, exec)).toThrow(/nest deeper/)
    expect(() => parseCondition(' '.repeat(70_000), exec)).toThrow(/longer than/)
    expect(parseCondition(`${'process.uid == 0 || '.repeat(3000)}true`, exec)).toMatchObject({ op: 'or' })
  })

  it('throws nothing but CwsError, whatever the text', () => {
    const scraps = fc.constantFrom(
      'process.uid',
      'exec.file.path',
      'exec.is_thread',
      'process.ancestors.comm',
      '==',
      '!=',
      '=~',
      ' in ',
      ' not in ',
      '[',
      ']',
      '(',
      ')',
      ',',
      '&&',
      '||',
      '&',
      '|',
      '!',
      '-',
      '"a"',
      '~"b*"',
      'r"c+"',
      '"',
      '\\',
      '5s',
      '07',
      '-1',
      ' ',
      '\n',
      '#',
      'true',
      '${x}',
      'and',
      '\u{1f600}',
      '\0',
    )
    const text = fc.oneof(
      fc.array(scraps, { maxLength: 30 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 60 }),
    )
    fc.assert(
      fc.property(text, (source) => {
        try {
          parseCondition(source, exec)
        } catch (error) {
          expect(error).toBeInstanceOf(CwsError)
        }
      }),
      { numRuns: 1500 },
    )
  }, 30_000)
})

// Conditions in the shape that the parser makes, over few fields and values, so that random events decide them either way.
const word = fc.constantFrom('', 'a', 'b', 'ab', 'a b', '\\"', 'é', 'a\n')
const textMatcher: fc.Arbitrary<Matcher> = fc.oneof(
  word.map((text): Matcher => ({ kind: 'exact', text })),
  fc.constantFrom('*', 'a*', '*b', 'a*b', '*a*').map((text): Matcher => ({ kind: 'pattern', text })),
  fc.constantFrom('a', '^a$', '[ab]+$', '\\"').map((text): Matcher => ({ kind: 'regex', text })),
)
const pathMatcher: fc.Arbitrary<Matcher> = fc.oneof(
  fc.constantFrom('/a', '/a/b', '').map((text): Matcher => ({ kind: 'exact', text })),
  fc.constantFrom('/a/*', '/**', '/a/**', '**/b', '/*/b').map((text): Matcher => ({ kind: 'glob', text })),
)
const some = <V>(value: fc.Arbitrary<V>) => fc.array(value, { minLength: 1, maxLength: 3 })
const uid = fc.integer({ min: -1, max: 3 })
const leaf: fc.Arbitrary<Condition> = fc.oneof(
  fc.constant<Condition>({ op: 'always' }),
  fc
    .constantFrom('process.comm', 'process.ancestors.comm')
    .chain((field) => some(textMatcher).map((any): Condition => ({ op: 'match', field, any }))),
  some(pathMatcher).map((any): Condition => ({ op: 'match', field: 'exec.file.path', any })),
  fc
    .constantFrom('process.uid', 'process.ancestors.uid')
    .chain((field) => some(uid).map((any): Condition => ({ op: 'oneof', field, any }))),
  fc.record({
    op: fc.constant('compare' as const),
    field: fc.constant('process.uid'),
    cmp: fc.constantFrom('<', '<=', '>', '>='),
    value: uid,
  }),
  fc.constant<Condition>({ op: 'test', field: 'process.is_exec' }),
  fc.nat(3).map((mask): Condition => ({ op: 'bits', field: 'process.gid', mask })),
  fc
    .tuple(fc.nat(3), fc.integer({ min: 1, max: 3 }))
    .map(([mask, equals]): Condition => ({ op: 'bits', field: 'process.gid', mask, equals })),
  fc.constant<Condition>({ op: 'same', field: 'process.comm', other: 'exec.comm' }),
  fc.nat(5).map((seconds): Condition => ({ op: 'age', field: 'process.created_at', cmp: '<', value: BigInt(seconds) * 1_000_000_000n })),
)
const { condition: anyCondition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.record({ op: fc.constantFrom('and', 'or'), of: fc.array(tie('condition'), { maxLength: 3 }) }) as fc.Arbitrary<Condition>,
    tie('condition').map((of): Condition => ({ op: 'not', of })),
  ),
}))
const maybe = <V>(value: fc.Arbitrary<V>) =>
  fc.oneof({ weight: 4, arbitrary: value as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: fc.constant(UNKNOWN) })
const anyEvent: fc.Arbitrary<Record<string, unknown>> = fc.record({
  'event.timestamp': fc.constant(NOW),
  'process.comm': maybe(word),
  'exec.comm': maybe(word),
  'process.ancestors.comm': maybe(fc.array(maybe(word), { maxLength: 3 })),
  'process.ancestors.uid': maybe(fc.array(maybe(uid), { maxLength: 3 })),
  'exec.file.path': maybe(fc.constantFrom('/a', '/a/b', '/b/b', '/', 'memfd:x')),
  'process.uid': maybe(uid),
  'process.gid': maybe(fc.nat(3)),
  'process.is_exec': maybe(fc.boolean()),
  'process.created_at': maybe(fc.nat(5).map((seconds) => NOW - BigInt(seconds) * 1_000_000_000n)),
})

/** Judges by the definitions alone: every completion of the unknown fields would be too many, so by Kleene's tables, without any shortcut. */
function naive(condition: Condition, values: Record<string, unknown>): Truth {
  const kleene = (truths: readonly Truth[], absorbing: boolean): Truth =>
    truths.includes(absorbing) ? absorbing : truths.includes(UNKNOWN) ? UNKNOWN : !absorbing
  const each = (field: string, test: (value: unknown) => boolean): Truth => {
    const value = values[field] ?? UNKNOWN
    const judged = (one: unknown): Truth => (one === UNKNOWN ? UNKNOWN : test(one))
    return Array.isArray(value) ? kleene(value.map(judged), true) : judged(value)
  }
  switch (condition.op) {
    case 'always':
      return true
    case 'and':
      return kleene(
        condition.of.map((part) => naive(part, values)),
        false,
      )
    case 'or':
      return kleene(
        condition.of.map((part) => naive(part, values)),
        true,
      )
    case 'not': {
      const truth = naive(condition.of, values)
      return isKnown(truth) ? !truth : UNKNOWN
    }
    case 'test':
      return each(condition.field, (value) => value === true)
    case 'match':
      return each(condition.field, (value) => condition.any.some((matcher) => toRegExp(matcher).test(value as string)))
    case 'oneof':
      return each(condition.field, (value) => condition.any.includes(value as number))
    case 'compare': {
      const { cmp, value: wanted } = condition
      return each(condition.field, (value) => {
        const number = value as number
        return cmp === '<' ? number < wanted : cmp === '<=' ? number <= wanted : cmp === '>' ? number > wanted : number >= wanted
      })
    }
    case 'bits':
      return each(condition.field, (value) => {
        const masked = (value as number) & Number(condition.mask)
        return condition.equals === undefined ? masked !== 0 : masked === Number(condition.equals)
      })
    case 'age':
      return each(condition.field, (value) => NOW - (value as bigint) < condition.value)
    case 'same':
      return values[condition.other] === UNKNOWN ? UNKNOWN : each(condition.field, (value) => value === values[condition.other])
    default:
      throw new Error(`${condition.op} is not of one field`)
  }
}

function toRegExp({ kind, text }: Matcher): RegExp {
  const literal = (part: string) => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  if (kind === 'regex') return new RegExp(text)
  if (kind === 'exact') return new RegExp(`^${literal(text)}$`)
  if (kind === 'pattern') return new RegExp(`^${text.split('*').map(literal).join('[^]*')}$`)
  const globs: Record<string, RegExp> = {
    '/a/*': /^\/a\/[^/]*$/,
    '/**': /^\//,
    '/a/**': /^\/a\//,
    '**/b': /(^|\/)b$/,
    '/*/b': /^\/[^/]*\/b$/,
  }
  return globs[text] as RegExp
}

describe('properties', { timeout: 30_000 }, () => {
  it('what is printed parses to the same', () => {
    fc.assert(
      fc.property(anyCondition, (condition) => {
        expect(simplify(parseCondition(printCondition(condition), exec))).toEqual(simplify(condition))
      }),
      { numRuns: 2000 },
    )
  })
  it('a compiled condition and its simplification judge as the definitions do', () => {
    fc.assert(
      fc.property(anyCondition, anyEvent, (condition, values) => {
        const expected = naive(condition, values)
        expect(compileCondition(condition)(subject(values))).toBe(expected)
        const simple = compileCondition(simplify(condition))(subject(values))
        expect(simple).toBe(expected)
      }),
      { numRuns: 5000 },
    )
  })
  it('texts with quotes print as what means the same', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '"', '\\', '*', '.', '\n') }),
        fc.string({ unit: fc.constantFrom('a', '"', '\\', '.', '\n') }),
        (text, other) => {
          const condition: Condition = { op: 'match', field: 'process.comm', any: [{ kind: 'exact', text }] }
          const again = compileCondition(parseCondition(printCondition(condition), exec))
          for (const value of [text, other]) expect(again(subject({ 'process.comm': value }))).toBe(value === text)
        },
      ),
    )
  })
})
