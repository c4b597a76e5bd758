import { describe, expect, it } from 'vitest'
import { required, variablesIn } from '../src/condition/analyse.ts'
import { leavesIn } from '../src/condition/assume.ts'
import { compileCondition } from '../src/condition/compile.ts'
import type { ConditionWarning, Environment, Macro, VariableType } from '../src/condition/environment.ts'
import { eventTypesIn } from '../src/condition/event-types.ts'
import { explainExpression } from '../src/condition/explain.ts'
import type { Readable, Scope } from '../src/condition/ir.ts'
import { cyclesIn, type MacroDefinition, parseMacro } from '../src/condition/macro.ts'
import { parseCondition } from '../src/condition/parse.ts'
import { compileValue, parseValue } from '../src/condition/parse-value.ts'
import { partial } from '../src/condition/partial.ts'
import { printCondition } from '../src/condition/print.ts'
import { CwsError } from '../src/errors/cws-error.ts'
import { exec } from '../src/model/events/exec.ts'
import { open } from '../src/model/events/open.ts'
import { ip, ips, string } from '../src/model/field.ts'
import { type Truth, UNKNOWN } from '../src/model/unknown.ts'

const NOW = 1_800_000_000_000_000_000n
const curl: Readonly<Record<string, unknown>> = {
  'event.timestamp': NOW,
  'exec.file.path': '/usr/bin/curl',
  'exec.comm': 'curl',
  'exec.file.extension': '.php',
  'process.comm': 'curl',
  'process.uid': 1000,
  'process.pid': 4242,
  'process.args': '-sSL https://x.test/a',
  'process.argv': ['-sSL', '--max-time', '5', 'https://x.test/a'],
  'process.created_at': NOW - 3_000_000_000n,
  'process.ancestors.comm': ['bash', 'sshd', 'systemd'],
  'process.ancestors.pid': [10, 5, 1],
  'process.ancestors.uid': [1000, 0, 0],
  'process.ancestors.argv': [['-l'], [], ['--system']],
  'process.ancestors.length': 3,
}
const subject = (values: Readonly<Record<string, unknown>> = curl): Readable => ({
  get: (name) => (name in values ? values[name] : UNKNOWN),
})

const TYPES: Readonly<Record<string, VariableType>> = {
  k: { kind: 'string', array: false },
  seen: { kind: 'string', array: true },
  count: { kind: 'int', array: false },
  'process.bad': { kind: 'bool', array: false },
}
const variables = new Map(Object.entries(TYPES))
const macrosOf = (definitions: Readonly<Record<string, MacroDefinition>>): Map<string, Macro> =>
  new Map(Object.entries(definitions).map(([name, definition]) => [name, parseMacro(name, definition)]))

const judge = (
  text: string,
  held: Readonly<Record<string, unknown>> = {},
  environment: Environment = { variables },
  values = curl,
): Truth =>
  compileCondition(parseCondition(text, exec, undefined, environment), {
    variable: (name) => (name in held ? () => held[name] : undefined),
  })(subject(values))

const refusal = (text: string, scope: Scope = exec, environment: Environment = { variables }): CwsError => {
  try {
    parseCondition(text, scope, undefined, environment)
  } catch (error) {
    return error as CwsError
  }
  throw new Error(`${text} was not refused`)
}

describe('an iterator variable', () => {
  const line = (length: number, root: number) => ({
    'process.ancestors.length': length,
    'process.ancestors.uid': Array.from({ length }, (_, i) => (i === root ? 0 : 1000)),
  })

  it('is tried on as many elements as there are ancestors at most; of more nobody knows', () => {
    const text = 'process.ancestors[A].uid == 0'
    expect(judge(text, {}, {}, line(128, 127) as never)).toBe(true)
    expect(judge(text, {}, {}, line(128, -1) as never)).toBe(false)
    expect(judge(text, {}, {}, line(300, 299) as never)).toBe(UNKNOWN)
    expect(judge(text, {}, {}, line(300, 0) as never)).toBe(true)
    expect(explainExpression(text, exec, subject(line(300, 299))).truth).toBe(UNKNOWN)
  })

  it('may be judged of another event while a field is read', () => {
    const text = 'process.ancestors[A].uid == 0 && process.ancestors[A].pid == 7'
    const holds = compileCondition(parseCondition(text, exec))
    const within: Truth[] = []
    const other = subject({ ...line(2, 1), 'process.ancestors.pid': [1, 2] })
    const values: Readonly<Record<string, unknown>> = { ...line(3, 2), 'process.ancestors.pid': [5, 6, 7] }
    const outer: Readable = {
      get: (name) => {
        if (name !== 'process.ancestors.length') within.push(holds(other))
        return values[name]
      },
    }
    expect(holds(outer)).toBe(true)
    expect(within).toContain(false)
  })

  it.each<[string, Truth]>([
    ['process.ancestors[A].uid == 0 && process.ancestors[A].comm == "bash"', false],
    ['process.ancestors[A].uid == 0 && process.ancestors[A].comm == "sshd"', true],
    ['process.ancestors[A].comm != "sshd"', true],
    ['process.ancestors[A].comm not in ["sshd", "bash"]', true],
    ['process.ancestors[A].pid == 5 && process.ancestors.comm == "bash"', true],
    ['process.ancestors[A].argv in ["--system"] && process.ancestors[A].pid == 1', true],
    ['process.ancestors[A].argv in ["--system"] && process.ancestors[A].pid == 5', false],
    ['process.ancestors[A].pid + 5 == process.ancestors.pid', true],
    ['process.ancestors[A].file.name == "x"', UNKNOWN],
    ['process.ancestors.argv == "--system"', true],
  ])('%s', (text, truth) => {
    expect(judge(text)).toBe(truth)
    expect(explainExpression(text, exec, subject()).truth).toBe(truth)
  })
  it('makes the whole false of an empty list, and UNKNOWN of one that nobody knows', () => {
    const text = 'true || process.ancestors[A].comm != "x"'
    expect(judge(text, {}, {}, { ...curl, 'process.ancestors.length': 0, 'process.ancestors.comm': [] })).toBe(false)
    expect(judge(text, {}, {}, { ...curl, 'process.ancestors.length': UNKNOWN })).toBe(UNKNOWN)
  })
  it.each<[string, Truth]>([
    ['process.ancestors[A].comm == "x"', UNKNOWN],
    ['process.ancestors[A].comm != "bash"', UNKNOWN],
    ['process.ancestors[A].comm == "bash"', true],
    ['process.ancestors[A].comm == "x" && process.uid == 0', false],
    ['process.ancestors[A].comm == "x" || process.uid == 1000', true],
  ])('of a list that ends in what nobody knows: %s', (text, truth) => {
    const cut = { ...curl, 'process.ancestors.length': 1, 'process.ancestors.comm': ['bash', UNKNOWN] }
    expect(judge(text, {}, {}, cut)).toBe(truth)
    expect(explainExpression(text, exec, subject(cut)).truth).toBe(truth)
    const all = { ...curl, 'process.ancestors.length': 0, 'process.ancestors.comm': [UNKNOWN] }
    expect(judge(text, {}, {}, all)).toBe(truth === true ? UNKNOWN : truth)
    expect(explainExpression(text, exec, subject(all)).truth).toBe(truth === true ? UNKNOWN : truth)
  })
  it('demands of the list what it demands of its element', () => {
    const condition = parseCondition('process.ancestors[A].comm in ["a", "b"] && process.comm == "c"', exec)
    expect(required(condition, 'process.ancestors.comm')?.map((one) => one.kind !== 'value' && one.text)).toEqual(['a', 'b'])
    expect(required(condition, 'process.comm')).toEqual([{ kind: 'exact', text: 'c' }])
    expect(leavesIn(condition)).toHaveLength(1)
  })
  it.each([
    ['process.ancestors[A].pid == 5 && process.ancestors[B].pid == 1', '1:34', /one iterator variable/],
    ['process.ancestors[_].pid == 5', '1:1', /no name for an iterator variable/],
    ['process.ancestors[].pid == 5', '1:1', /between the brackets/],
    ['process.ancestors[0].comm == "x"', '1:1', /at the very end of a name \(process\.ancestors\.comm\[0\]\)/],
    ['process.file[A].name == "x"', '1:1', /no list/],
    ['process.ancestors[A].argv[1] == "x"', '1:1', /one pair of brackets/],
    ['process.argv[x] == "x"', '1:1', /a number/],
    ['process.comm[0] == "c"', '1:1', /no array/],
    ['process.uid == 1 && process.ancestors[A].nme == "x"', '1:21', /process\.ancestors\.name|did you mean/],
  ])('%s is refused', (text, place, message) => {
    const error = refusal(text)
    expect(`${error.line}:${error.column}`).toBe(place)
    expect(error.message).toMatch(message)
  })
})

describe('variables, references and texts put together', () => {
  it.each<[string, Truth]>([
    ['process.argv[1] == "--max-time"', true],
    ['process.argv[9] == ""', true],
    ['process.argv[1] =~ "--m*"', true],
    ['"%{process.comm}:%{process.uid}" == "curl:1000"', true],
    ['%{process.uid} == 1000', true],
    ['%{process.argv.length} == 4', true],
    ['%{process.comm.length} + 1 == 5', true],
    ['${process.pid} == 4242', true],
    ['exec.file.path == "/usr/bin/${k}"', false],
    ['process.comm == "${abc"', false],
    ['${k} == ~"cg_*"', false],
    ['${k} in ["", ~"cg_*"]', true],
    ['process.comm in ${seen}', true],
    ['process.comm not in ${seen}', false],
    ['"curl" in ${seen} && ${seen.length} == 2', true],
    ['"x_${seen}" == "x_curl,wget"', true],
    ['${count} + 1 > 7', true],
    ['${count} & 4 > 0', true],
    ['${process.bad} && !${process.bad}', false],
    ['${builtins.uuid4} == "x"', false],
    ['event.timestamp - process.created_at < 5s', true],
    ['process.created_at + 0s < 5s', false],
    ['process.created_at == 3s', true],
    ['process.created_at < 2s + 3s', false],
    ['5s > process.created_at', false],
    ['90m == 5400s', false],
    ['exec.file.extension == "php" && exec.file.extension != ""', true],
    ['(process.uid == 1000) == (process.comm == "curl")', true],
    ['process.argv in [ "5" ] && process.uid - 1000 == 0', true],
  ])('%s', (text, truth) => {
    const held: Readonly<Record<string, unknown>> = { k: 'cg_1', seen: ['curl', 'wget'], count: 7, 'process.bad': true }
    expect(judge(text, held)).toBe(truth)
    const surroundings = { variable: (name: string) => (name in held ? () => held[name] : undefined) }
    expect(explainExpression(text, exec, subject(), { variables }, surroundings).truth).toBe(truth)
  })
  it('does not know a variable that nobody reads', () => {
    expect(judge('${count} == 7')).toBe(UNKNOWN)
    expect(judge('process.comm not in ${seen}', { seen: [] })).toBe(true)
  })
  it('are named by what reads them', () => {
    const condition = parseCondition('${count} == 7 || "${k}" == process.comm', exec, undefined, { variables })
    expect([...variablesIn(condition)].sort()).toEqual(['count', 'k'])
  })
  it('reads variables anew for each compilation', () => {
    const condition = parseCondition('${count} == 7', exec, undefined, { variables })
    const judged = (count: number) => compileCondition(condition, { variable: () => () => count })(subject())
    expect([judged(7), judged(8)]).toEqual([true, false])
  })
  it.each([
    ['${nope} == 1', '1:1'],
    ['process.comm == "x${nope}"', '1:19'],
    ['process.comm == "%{nope.field}"', '1:18'],
    ['exec.file.path =~ "/proc/${process.pid}/*"', '1:19'],
    ['exec.file.name =~ process.comm', '1:19'],
    ['process.uid & process.gid > 0', '1:13'],
    ['process.uid + process.comm == 1', '1:15'],
    ['process.uid == 1 && process.pid == "a"', '1:36'],
    ['process.uid in [ EPERM, true ]', '1:25'],
    ['process.comm == %{process.pid.root_domain}', '1:17'],
    ['process.comm == "${process.bad}"', '1:18'],
  ])('%s is refused at %s', (text, place) => {
    const { line, column, code, message, frame } = refusal(text)
    expect([`${line}:${column}`, code]).toEqual([place, 'CWS_ERR_CONDITION'])
    expect(message.startsWith(`${place}: `)).toBe(true)
    expect(frame).toContain('^')
  })
})

describe('addresses', () => {
  const fields = { 'c.addr.ip': ip(''), 'c.ips': ips(''), 'c.addr.hostname': string('', { caseless: true }) }
  const scope: Scope = { type: 'c', fields: new Map(Object.entries(fields)) }
  const judgeOn = (text: string, values: Readonly<Record<string, unknown>>): Truth => {
    const truth = compileCondition(parseCondition(text, scope))(subject(values))
    expect(explainExpression(text, scope, subject(values)).truth).toBe(truth)
    return truth
  }
  it.each<[string, Truth]>([
    ['c.addr.ip == 10.0.0.0/8', true],
    ['c.addr.ip in 10.0.0.0/8', true],
    ['c.addr.ip in [10.1.2.3, 192.168.0.0/16]', true],
    ['c.addr.ip not in [10.0.0.0/8]', false],
    ['c.addr.ip == ::ffff:10.1.2.3', true],
    ['c.addr.ip in ::/0', false],
    ['c.addr.ip == 10.1.2.0/24', true],
    ['c.addr.ip == 10.1.3.0/24', false],
    ['c.ips allin 10.0.0.0/8', true],
    ['c.ips allin [10.0.0.0/8, 10.0.0.1]', false],
    ['c.addr.ip in c.ips', false],
  ])('%s', (text, truth) => expect(judgeOn(text, { 'c.addr.ip': '10.1.2.3', 'c.ips': ['10.0.0.1', '10.0.0.2'] })).toBe(truth))
  it('of none, "allin" is true; of UNKNOWN ones nothing is known; the empty one is nobody’s', () => {
    expect(judgeOn('c.ips allin 10.0.0.0/8', { 'c.ips': [] })).toBe(true)
    expect(judgeOn('c.ips allin 10.0.0.0/8', {})).toBe(UNKNOWN)
    expect(judgeOn('c.addr.ip in [0.0.0.0/0, ::/0]', { 'c.addr.ip': '' })).toBe(false)
  })
  it.each([
    ['c.addr.ip in 10.1.2.3', '1:14'],
    ['c.addr.ip == "10.1.2.3"', '1:14'],
    ['c.addr.ip > 10.0.0.0', '1:11'],
    ['c.addr.ip == ::', '1:14'],
    ['c.addr.ip in 10.0.0.0/99', '1:14'],
    ['c.addr.ip == 10.0.0.300', '1:14'],
  ])('%s is refused at %s', (text, place) => {
    const { line, column } = refusal(text, scope)
    expect(`${line}:${column}`).toBe(place)
  })
  it('names of hosts have no case', () => {
    const values = { 'c.addr.hostname': 'Api.Example.COM' }
    expect(judgeOn('c.addr.hostname == "api.example.com"', values)).toBe(true)
    expect(judgeOn('c.addr.hostname =~ "*.EXAMPLE.com"', values)).toBe(true)
    expect(judgeOn('c.addr.hostname == r"example"', values)).toBe(false)
  })
})

describe('macros', () => {
  const macros = macrosOf({
    SHELLS: { expression: '["bash", ~"cu*"]' },
    UNDER_USR: { expression: '[~"/usr/*"]' },
    PLAIN: { values: ['cu*'] },
    IS_CURL: { expression: 'process.comm in SHELLS && exec.comm == NAME' },
    NAME: { expression: '"curl"' },
    LIMIT: { expression: '2s + 3s' },
  })
  it.each<[string, Truth]>([
    ['process.comm in SHELLS', true],
    ['exec.file.path in UNDER_USR', false],
    ['process.args in UNDER_USR', false],
    ['process.comm in PLAIN', false],
    ['IS_CURL', true],
    ['!IS_CURL || LIMIT == 5s', true],
    ['SHELLS in process.ancestors.comm', true],
  ])('%s', (text, truth) => {
    expect(judge(text, {}, { macros })).toBe(truth)
    expect(explainExpression(text, exec, subject(), { macros }).truth).toBe(truth)
  })
  it('tells where, in the expression and in the macro', () => {
    const wrong = macrosOf({ BAD: { expression: 'true &&\n process.uid == "a"' } })
    const error = refusal('process.uid == 0 && BAD', exec, { macros: wrong })
    expect([error.line, error.column]).toEqual([1, 21])
    expect(error.message).toBe('1:21: in the macro BAD, 2:17: a number was expected, but this is a text')
  })
  it('that use themselves are refused, and told', () => {
    const round = macrosOf({ A1: { expression: 'B1' }, B1: { expression: 'A1 || true' }, C1: { expression: 'process.uid == 0' } })
    expect(refusal('A1', exec, { macros: round }).message).toMatch(/uses itself/)
    expect([...cyclesIn(round)]).toEqual([
      ['A1', 'A1 → B1 → A1'],
      ['B1', 'A1 → B1 → A1'],
    ])
  })
  it('are bounded, however often they use each other', () => {
    const definitions: Record<string, MacroDefinition> = { M0: { expression: 'process.uid == 0' } }
    for (let i = 1; i < 200; i++) definitions[`M${i}`] = { expression: `M${i - 1} && M${i - 1}` }
    const deep: Record<string, MacroDefinition> = { D0: { expression: 'process.uid == 0' } }
    for (let i = 1; i < 2000; i++) deep[`D${i}`] = { expression: `!D${i - 1}` }
    const all = macrosOf({ ...definitions, ...deep })
    expect(refusal('M199', exec, { macros: all }).message).toMatch(/nest deeper|more than \d+ terms/)
    expect(refusal('M40', exec, { macros: all }).message).toMatch(/more than \d+ terms/)
    expect(refusal('D1999', exec, { macros: all }).message).toMatch(/nest deeper/)
    expect(cyclesIn(all).size).toBe(0)
  })
  it.each([{ expression: '(' }, { expression: '[1, "a"]' }, { values: [] }])('%j is no macro', (definition) =>
    expect(() => parseMacro('M', definition)).toThrow(CwsError),
  )
})

describe('warnings', () => {
  const warningsOf = (text: string): string[] => {
    const heard: ConditionWarning[] = []
    parseCondition(text, exec, undefined, { variables, report: (warning) => heard.push(warning) })
    return heard.map(({ code, line, column }) => `${code} ${line}:${column}`)
  }
  it.each([
    ['process.uid == 0 && process.gid == 0 || true', 'mixed-logic 1:18'],
    ['${k} == ~"a*"', 'pattern-as-text 1:9'],
    ['process.comm allin ["a"]', 'allin-as-in 1:20'],
    ['5s > process.created_at', 'constant-duration 1:1'],
    ['process.created_at < 2s + 3s', 'constant-duration 1:22'],
    ['true &&\n90m == 5400s', 'constant-duration 2:8'],
    ['process.created_at + 0s < 5s', 'constant-duration 1:27'],
  ])('%s', (text, warning) => expect(warningsOf(text)).toEqual([warning]))
  it.each(['process.created_at < 5s', 'event.timestamp - process.created_at < 5s', '10s + 40s == 50s', '${k} in [~"a*"]'])(
    'none of %s',
    (text) => expect(warningsOf(text)).toEqual([]),
  )
  it('of mixed logic are errors where it is strict', () => {
    const error = refusal('process.uid == 0 && process.gid == 0 || true', exec, { strict: true })
    expect([error.line, error.column]).toEqual([1, 18])
  })
  it('of mixed logic are told each time that the same text is read, strict or not', () => {
    const text = 'exec.uid == 0 && exec.gid == 0 || true'
    for (let i = 0; i < 2; i++) {
      expect(eventTypesIn(text, ['exec'])).toEqual(new Set(['exec']))
      expect(warningsOf(text)).toHaveLength(1)
      expect(refusal(text, exec, { strict: true })).toMatchObject({ line: 1, column: 15 })
    }
  })
})

describe('values', () => {
  it.each<[string, VariableType, unknown]>([
    ['process.comm', { kind: 'string', array: false }, 'curl'],
    ['process.uid + 1', { kind: 'int', array: false }, 1001],
    ['"%{process.comm}-${count}"', { kind: 'string', array: false }, 'curl-7'],
    ['process.ancestors.pid', { kind: 'int', array: true }, [10, 5, 1]],
    ['process.uid > 5 && ${process.bad}', { kind: 'bool', array: false }, true],
    ['5s', { kind: 'int', array: false }, 5_000_000_000],
    ['9223372036854775807 + 1', { kind: 'int', array: false }, -9223372036854775808n],
    ['process.gid + 1', { kind: 'int', array: false }, UNKNOWN],
  ])('%s', (text, type, value) => {
    const typed = parseValue(text, exec, { variables })
    expect(typed.type).toEqual(type)
    const held: Readonly<Record<string, unknown>> = { count: 7, 'process.bad': true }
    expect(compileValue(typed, { variable: (name) => () => held[name] })(subject())).toEqual(value)
  })
  it.each(['~"a*"', 'process.ancestors[A].pid', '[1]', 'process.uid +'])('%s is none', (text) =>
    expect(() => parseValue(text, exec)).toThrow(CwsError),
  )
})

describe('the event types of an expression', () => {
  const TYPES_OF = ['exec', 'open', 'agent', 'agent.lost_events', 'rename']
  const macros = macrosOf({ IS_SHELL: { expression: 'exec.comm == "sh"' }, UNUSED: { expression: 'open.flags > 0' } })
  it.each([
    ['exec.comm == "a" && process.uid == 0', ['exec']],
    ['process.uid == 0', []],
    ['exec.comm == "a" || %{open.flags} > 0', ['exec', 'open']],
    ['process.comm == "%{exec.comm}" && process.comm in ["%{open.file.name}"]', ['exec']],
    ['IS_SHELL && O_CREAT > 0', ['exec']],
    ['agent.lost_events.count > 1', ['agent.lost_events']],
    ['rename.old.filename == "/a"', ['rename']],
  ])('%s', (text, types) => expect([...eventTypesIn(text, TYPES_OF, { macros })].sort()).toEqual(types))
})

describe('partial evaluation', () => {
  it.each<[string, string, unknown, boolean]>([
    ['open.file.path == "/a" && process.uid == 0', 'open.file.path', '/b', false],
    ['open.file.path == "/a" && process.uid == 0', 'open.file.path', '/a', true],
    ['!(open.file.path == "/a") || process.uid == 0', 'open.file.path', '/a', true],
    ['open.file.path != "/a" && process.uid == 0', 'open.file.path', '/a', false],
    ['open.file.path == open.file.name', 'open.file.path', '/b', true],
    ['open.flags & O_CREAT > 0', 'open.flags', 0, false],
    ['process.ancestors[A].pid == 1 && open.flags == 0', 'open.flags', 1, false],
    ['process.ancestors[A].pid == 1 && open.flags == 0', 'open.flags', 0, true],
    ['process.created_at < 5s', 'process.created_at', 0n, true],
    ['false', 'open.flags', 0, false],
  ])('%s with %s = %s: %s', (text, field, value, possible) => expect(partial(parseCondition(text, open), field, value)).toBe(possible))
})

describe('an explanation', () => {
  it('has each part with its place, its truth and what was read', () => {
    const text = 'process.uid == 0 || process.ancestors.comm in ["sshd"]'
    const { truth, of } = explainExpression(text, exec, subject())
    expect(truth).toBe(true)
    expect(of.map((part) => [part.text, part.truth, part.of.map(({ text: written, value }) => [written, value])])).toEqual([
      [
        'process.uid == 0',
        false,
        [
          ['process.uid', 1000n],
          ['0', 0n],
        ],
      ],
      [
        'process.ancestors.comm in ["sshd"]',
        true,
        [
          ['process.ancestors.comm', ['bash', 'sshd', 'systemd']],
          ['["sshd"]', ['sshd']],
        ],
      ],
    ])
  })
  it('names the element that decided', () => {
    const text = 'process.ancestors[A].comm == "sshd"'
    expect(explainExpression(text, exec, subject())).toMatchObject({ truth: true, element: 1, of: [{ value: 'sshd' }, { value: 'sshd' }] })
  })
  it('goes into macros', () => {
    const macros = macrosOf({ IS_CURL: { expression: 'process.comm == "curl"' } })
    expect(explainExpression('!IS_CURL', exec, subject(), { macros })).toMatchObject({
      truth: false,
      of: [{ text: 'IS_CURL', macro: 'IS_CURL', truth: true, of: [{ text: 'process.comm == "curl"', truth: true }] }],
    })
  })
})

describe('what is printed', () => {
  it.each([
    'process.ancestors[A].comm == "x" && process.uid == 0',
    'process.uid & 4 > 0',
    '(process.uid + ${count}) >= 7',
    '"%{process.comm}:${k}" == process.args',
    '${k} in [~"a*", r"b"]',
    'process.comm in ${seen}',
    'process.argv[1] in ["a"]',
    '%{process.argv.length} > 3',
  ])('%s is what was read', (text) => expect(printCondition(parseCondition(text, exec, undefined, { variables }))).toBe(text))
  it('keeps what looks like a reference from being one', () => {
    const condition = parseCondition('process.comm in ["${count}"]', exec)
    expect(parseCondition(printCondition(condition), exec)).toEqual(condition)
  })
})
