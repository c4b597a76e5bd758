import { TestPipeline } from '@cws/core/testing'
import { describe, expect, it } from 'vitest'
import { rules } from '../../src/index.ts'
import { fired, loadText, Sandbox, states, statusOf } from './sandbox.ts'

const second = 1_000_000_000n

async function running(text: string): Promise<TestPipeline & { folder: Sandbox }> {
  const folder = new Sandbox({ 'a.policy': text })
  try {
    const pipeline = await TestPipeline.of([rules({ packs: ['./a.policy'] })], { folder: folder.folder })
    expect(pipeline.logs.filter(({ level }) => level === 'error')).toEqual([])
    return Object.assign(pipeline, { folder })
  } finally {
    folder[Symbol.dispose]()
  }
}

const exec = (pipeline: TestPipeline, comm: string, fields: Record<string, unknown> = {}, timestamp = second) =>
  pipeline.emit(
    'exec',
    { 'exec.comm': comm, 'process.comm': comm, 'process.pid': 7, 'process.ancestors.pid': [], ...fields },
    { timestamp },
  )

describe('when a variable is set', () => {
  const policy = (a: number, b: number, tags = '') => `
rules:
  - {id: B, priority: ${b}, expression: 'exec.comm != "" && \${v}'}
  - id: A
    priority: ${a}
    expression: exec.comm == "a"
    tags: {${tags}}
    actions: [{set: {name: v, value: true}}]
`
  it('rules that are judged later see it on the same event (185, 186)', async () => {
    await using later = await running(policy(10, 0))
    exec(later, 'a')
    expect(fired(later)).toEqual(['A', 'B'])
    await using before = await running(policy(0, 10))
    exec(before, 'a')
    expect(fired(before)).toEqual(['A'])
    exec(before, 'b')
    expect(fired(before)).toEqual(['A', 'B'])
  })

  it('those with an execution context are judged first (187)', async () => {
    await using pipeline = await running(policy(-5, 50, 'execution_context: "True"'))
    exec(pipeline, 'a')
    expect(fired(pipeline)).toEqual(['A', 'B'])
  })

  it('actions see what those before them did (188), and filters decide at that moment', async () => {
    await using pipeline = await running(`
rules:
  - id: A
    silent: true
    expression: exec.comm != ""
    actions:
      - set: {name: hist, append: true, expression: '\${cur}', default_value: ""}
      - set: {name: cur, field: exec.comm}
      - {filter: '\${cur} == "two"', set: {name: twice, value: true}}
  - {id: HIST, expression: 'exec.comm == "two" && "one" in \${hist} && "two" not in \${hist} && \${twice}'}
`)
    exec(pipeline, 'one')
    exec(pipeline, 'two')
    expect(fired(pipeline)).toEqual(['HIST'])
  })

  it('a rule that is silent acts and reports nothing', async () => {
    await using pipeline = await running('rules:\n  - {id: A, silent: true, expression: exec.comm == "a"}\n')
    exec(pipeline, 'a')
    expect(fired(pipeline)).toEqual([])
  })
})

describe('scopes', () => {
  const scoped = (set: string, read: string) => `
rules:
  - {id: SET, silent: true, expression: exec.comm == "set", actions: [{set: {name: x, value: true, ${set}}}]}
  - {id: READ, expression: 'exec.comm == "read" && \${${read}}'}
`
  it('a process has its own, children only what is inherited (189, 190)', async () => {
    for (const inherited of [true, false]) {
      await using pipeline = await running(scoped(`scope: process, inherited: ${inherited}`, 'process.x'))
      exec(pipeline, 'set')
      exec(pipeline, 'read')
      exec(pipeline, 'read', { 'process.pid': 8, 'process.ancestors.pid': [7, 1] })
      exec(pipeline, 'read', { 'process.pid': 9, 'process.ancestors.pid': [8, 7, 1] })
      exec(pipeline, 'read', { 'process.pid': 10, 'process.ancestors.pid': [1] })
      expect(fired(pipeline)).toEqual(inherited ? ['READ', 'READ', 'READ'] : ['READ'])
    }
  })

  it('of processes need every exit, whatever rules demand of exits', async () => {
    await using pipeline = await running(scoped('scope: process', 'process.x'))
    expect(pipeline.interests().byType.get('exit')).toEqual([{ plugin: 'rules', condition: { op: 'always' }, urgent: false }])
    await using none = await running(scoped('scope: container', 'container.x'))
    expect(none.interests().byType.has('exit')).toBe(false)
  })

  it('what a process has goes with it, but children inherit it still', async () => {
    await using pipeline = await running(scoped('scope: process, inherited: true', 'process.x'))
    exec(pipeline, 'set')
    pipeline.emit('exit', { 'process.pid': 7 }, { timestamp: 2n * second })
    exec(pipeline, 'read', { 'process.pid': 8, 'process.ancestors.pid': [7] })
    expect(fired(pipeline)).toEqual(['READ'])
    // Another process with that pid, and its child.
    exec(pipeline, 'read', { 'process.pid': 8, 'process.ancestors.pid': [7], 'process.ancestors.created_at': [3n * second] })
    exec(pipeline, 'read')
    expect(fired(pipeline)).toEqual(['READ'])
    await using plain = await running(scoped('scope: process', 'process.x'))
    exec(plain, 'set')
    plain.emit('exit', { 'process.pid': 7 })
    exec(plain, 'read')
    expect(fired(plain)).toEqual([])
  })

  it('may be of the process that a field names (191)', async () => {
    await using pipeline = await running(scoped('scope: process, scope_field: process.ppid', 'process.x'))
    exec(pipeline, 'set', { 'process.ppid': 5 })
    exec(pipeline, 'read')
    expect(fired(pipeline)).toEqual([])
    exec(pipeline, 'read', { 'process.pid': 5 })
    expect(fired(pipeline)).toEqual(['READ'])
  })

  it('a container has its own, and the host none', async () => {
    await using pipeline = await running(scoped('scope: container', 'container.x'))
    exec(pipeline, 'set', { 'container.id': 'c1' })
    exec(pipeline, 'set', { 'container.id': '' })
    for (const id of ['c1', 'c2', '']) exec(pipeline, 'read', { 'container.id': id })
    expect(fired(pipeline)).toEqual(['READ'])
    expect(pipeline.logs.map(({ message }) => message)).toContainEqual('rule "SET": a variable could not be set, 1 times so far')
  })
})

describe('lists', () => {
  it('keep the newest (192), forget after their time (193), and are added to (194)', async () => {
    await using pipeline = await running(`
rules:
  - id: SET
    silent: true
    expression: exec.comm in ["a", "b", "c"]
    actions:
      - set: {name: two, field: exec.comm, append: true, size: 2}
      - set: {name: brief, field: exec.comm, append: true, ttl: 1s}
      - {filter: exec.comm == "a", set: {name: plain, value: [a]}}
      - {filter: exec.comm == "b", set: {name: plain, value: [b]}}
  - {id: TWO, expression: 'exec.comm == "?" && "a" not in \${two} && "b" in \${two} && "c" in \${two}'}
  - {id: BRIEF, expression: 'exec.comm == "?" && "c" not in \${brief}'}
  - {id: PLAIN, expression: 'exec.comm == "?" && "a" in \${plain} && "b" in \${plain}'}
`)
    for (const comm of ['a', 'b', 'c', '?']) exec(pipeline, comm)
    expect(fired(pipeline)).toEqual(['TWO', 'PLAIN'])
    exec(pipeline, '?', {}, 3n * second)
    expect(fired(pipeline).slice(2)).toEqual(['TWO', 'BRIEF', 'PLAIN'])
  })

  it('begin and end with their default', async () => {
    await using pipeline = await running(`
rules:
  - {id: READ, expression: 'exec.comm == "read" && \${n} == 5'}
  - {id: SET, silent: true, expression: exec.comm == "set", actions: [{set: {name: n, value: 6, default_value: 5, ttl: 1s}}]}
`)
    exec(pipeline, 'read')
    exec(pipeline, 'set')
    exec(pipeline, 'read')
    exec(pipeline, 'read', {}, 3n * second)
    expect(fired(pipeline)).toEqual(['READ', 'READ'])
  })
})

describe('actions that are wrong', () => {
  const load = (actions: string, expression = 'exec.comm == "a"') =>
    loadText(
      `rules:\n  - {id: other, expression: exec.comm == "o", actions: [{set: {name: n, value: 1}}]}\n  - id: r\n    expression: ${expression}\n    actions: ${actions}\n`,
    )

  it.each([
    ['195', '[{set: {name: v, value: 1, field: exec.comm}}]', 'one of `value`'],
    ['195', '[{set: {name: v}}]', 'one of `value`'],
    ['196', '[{set: {name: v, expression: process.uid + 1}}]', 'default_value'],
    ['197', '[{set: {name: v, value: 1, scope: container, inherited: true}}]', 'scope process'],
    ['197', '[{set: {name: v, value: 1, scope: cgroup, scope_field: process.pid}}]', 'scope process'],
    ['198', '[{set: {name: n, value: text}}]', '"n" is int elsewhere'],
    ['private', '[{set: {name: n, value: 1, private: true}}]', 'private'],
    ['199', '[{set: {name: uid, value: 1, scope: process}}]', '"process.uid" is a field'],
    ['constant', '[{set: {name: O_CREAT, value: 1}}]', 'is a constant'],
    ['200', '[{kill: {signal: SIGKILL}, set: {name: v, value: 1}}]', 'exactly one'],
    ['200', '[{}]', 'exactly one'],
    ['201', '[{kill: {signal: FOO}}]', 'SIGKILL'],
    ['201', '[{kill: {signal: SIGKILL}}]', '`kill` does not act'],
    ['scope', '[{set: {name: v, value: 1, scope: house}}]', 'set.scope'],
    ['types', '[{set: {name: v, value: 1, default_value: text}}]', 'different types'],
    ['types', '[{set: {name: v, expression: process.uid, default_value: text}}]', 'v is string, and this yields int'],
    ['empty', '[{set: {name: v, value: []}}]', 'empty list'],
    ['log', '[{log: {message: x}}]', 'log.level'],
    ['network_filter', '[{network_filter: {filter: port 80}}]', '`network_filter` does not act'],
    ['coredump', '[{coredump: {no_compression: true}}]', 'one of `process`'],
    ['coredump', '[{coredump: {process: true}}]', '`coredump` does not act'],
    ['unknown', '[{set: {name: v, value: 1, tttl: 5s}}]', 'did you mean `ttl`'],
  ])('are told and left out, and the rule stays (%s) %s', async (_, actions, message) => {
    const loaded = await load(actions)
    expect(states(loaded)).toEqual({ other: 'loaded', r: 'loaded' })
    const { warnings } = statusOf(loaded, 'r')
    expect(warnings.map((one) => one.message).join('\n')).toContain(message)
    for (const one of warnings) expect(one.line).toBe(5)
  })

  it.each([
    ['filter', '[{filter: exec.nope == 1, log: {level: info}}]', '5:24'],
    ['field', '[{set: {name: v, field: exec.nope}}]', '5:38'],
    ['expression', '[{set: {name: v, default_value: 1, expression: exec.nope + 1}}]', '5:61'],
    ['scope_field', '[{set: {name: v, value: 1, scope: process, scope_field: process.comm}}]', '5:70'],
    ['another event', '[{set: {name: v, field: open.flags}}]', '5:38'],
  ])('cost the rule where an expression in them is wrong: %s', async (_, actions, place) => {
    const loaded = await load(actions)
    expect(states(loaded)).toEqual({ other: 'loaded', r: 'rejected' })
    expect(statusOf(loaded, 'r').errors.map(({ line, column }) => `${line}:${column}`)).toEqual([place])
  })

  it('`hash` needs a file of the event (202)', async () => {
    expect(states(await load('[{hash: {}}]'))).toMatchObject({ r: 'loaded' })
    expect(states(await load('[{hash: {field: process.file}}]', 'exit.code == 1'))).toMatchObject({ r: 'loaded' })
    expect(states(await load('[{hash: {}}]', 'exit.code == 1'))).toMatchObject({ r: 'rejected' })
    expect(states(await load('[{hash: {field: exec.nope}}]'))).toMatchObject({ r: 'rejected' })
  })

  it('an expression may use a variable before the rule that declares it, and one that is off; not one that nobody declares', async () => {
    const loaded = await loadText(`
rules:
  - {id: before, expression: 'exec.comm == "a" && \${v} && \${w}'}
  - {id: declares, expression: exec.comm == "a", actions: [{set: {name: v, value: true}}]}
  - {id: off, disabled: true, expression: exec.comm == "a", actions: [{set: {name: w, value: true}}]}
  - {id: nobody, expression: 'exec.comm == "a" && \${nope} == 1'}
  - {id: left, expression: exec.comm == "a", filters: ['os == "windows"'], actions: [{set: {name: gone, value: true}}]}
  - {id: uses_left, expression: 'exec.comm == "a" && \${gone}'}
`)
    expect(states(loaded)).toEqual({
      before: 'loaded',
      declares: 'loaded',
      off: 'disabled',
      nobody: 'rejected',
      left: 'filtered',
      uses_left: 'rejected',
    })
  })
})

describe('log', () => {
  it('writes a line, not without bound', async () => {
    await using pipeline = await running(`
rules:
  - {id: a, silent: true, expression: exec.comm == "a", actions: [{log: {level: warning, message: seen}}, {log: {level: info}}]}
`)
    for (let i = 0; i < 1000; i++) exec(pipeline, 'a')
    const lines = pipeline.logs.filter(({ message }) => message === 'seen' || message === 'rule "a" is true')
    expect(lines.slice(0, 2)).toMatchObject([
      { level: 'warn', message: 'seen' },
      { level: 'info', message: 'rule "a" is true' },
    ])
    expect(lines.length).toBeLessThan(200)
  })
})
