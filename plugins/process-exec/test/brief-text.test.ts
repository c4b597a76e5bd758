import { definePlugin, type Event, type FieldProvider } from '@cws/core'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { BaseEvent } from '../../../core/src/model/event-class.ts'
import { briefMembers, lineMembers } from '../../../core/src/model/event-json.ts'
import { parseExact } from '../../../core/src/model/exact-json.ts'
import { FLAG } from '../src/record/layout.ts'
import { hostOf } from './host.ts'
import { Records, startOf } from './records.ts'

type Json = Readonly<Record<string, unknown>>
type Process = Json & { readonly parent?: Json; readonly ancestors?: readonly Json[] }

const BRIEF_ANCESTOR = ['pid', 'uid', 'user', 'created_at', 'comm', 'args', 'same_pid']

/** What a brief text shows of the whole event. */
function briefOf(whole: Json): Json {
  const { process, ...rest } = whole as Json & { process?: Process }
  if (!process) return rest
  const { parent, ancestors, ...own } = process
  const only = (from: Json, names: readonly string[]) => Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)))
  const block = (name: string, from: unknown, names: readonly string[]) => {
    const inner = from === undefined ? {} : only(from as Json, names)
    return Object.keys(inner).length > 0 ? { [name]: inner } : {}
  }
  const { envs: _, envp: __, ...shown } = parent ?? {}
  return {
    ...rest,
    process: {
      ...own,
      ...(parent && { parent: shown }),
      ...(ancestors && {
        ancestors: ancestors.map((one) => ({
          ...only(one, BRIEF_ANCESTOR),
          ...block('file', one['file'], ['path', 'name']),
          ...block('container', one['container'], ['id']),
        })),
      }),
    },
  }
}

/** The kept copy is read field by field, is no mirror, and of it nothing is used again: it says what the brief text must say. */
function told(event: Event) {
  const text = `{${briefMembers(event as unknown as BaseEvent)}}`
  JSON.parse(text)
  const line = parseExact(`{${lineMembers(event as unknown as BaseEvent)}}`)
  const brief = parseExact(text) as Json
  const whole = (event.keep() as unknown as BaseEvent).toJSON()
  const { mirrored } = event as unknown as BaseEvent
  return { text, brief, line, whole, live: (event as unknown as BaseEvent).toJSON(), mirrored }
}

function check({ brief, line, whole, live }: ReturnType<typeof told>): void {
  const expected = briefOf(whole)
  expect(brief).toEqual(expected)
  const { timestamp: _, hostname: __, ...rest } = expected['event'] as Json
  expect(line).toEqual({ ...expected, event: rest })
  expect(live).toEqual(whole)
}

type Providers = Readonly<Record<string, FieldProvider>>

/** `write` does with each event what the test wants. */
function watch<T>(write: (event: Event) => T, providers: Providers = {}, redact: Readonly<Record<string, () => unknown>> = {}) {
  const other = definePlugin(import.meta, {
    name: 'other',
    setup(ctx) {
      ctx.fields('*', providers)
      ctx.redact(redact)
    },
  })
  return hostOf(write, ['exec', 'fork', 'exit'], { beside: [other()] })
}
type Host = Awaited<ReturnType<typeof watch>>

const PIDS = 5
const pid = fc.integer({ min: 1, max: PIDS })
const hostile = fc.oneof(
  fc.constantFrom('"', '\\', '\\xff', 'a b', '\u2028', '\u202e', '\u0007', '--password=x', '😀', '{"a":', '1234567890123456789'),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes.map((byte) => byte || 0xed))),
)
const parts = fc.record({
  path: fc.constantFrom('/bin/sh', '/bin/ls', '/opt/a b"\\', 'memfd:x/y', ''),
  argv: fc.array(hostile, { maxLength: 4 }),
  cred_uid: fc.constantFrom(0, 33, 4_000_000_000),
  cred_cap_effective: fc.constantFrom(0n, 2n ** 53n + 1n, 2n ** 64n - 1n),
  file_inode: fc.constantFrom(1n, 2n ** 60n + 1n),
})
/** `late`: /proc is read after the exec, whose record comes after that. `next`: the pid ends and is used again. */
const step = fc.oneof(
  fc.record({ do: fc.constantFrom('exec', 'late', 'snapshot', 'next'), pid, parent: pid, parts }),
  fc.record({ do: fc.constantFrom('fork', 'exit', 'sweep'), pid, parent: pid, parts }),
)

function play(host: Host, steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) {
  const generation = Array.from({ length: PIDS + 1 }, () => 0n)
  const start = (of: number) => startOf(of) + (generation[of] as bigint) * 1_000_000_007n
  for (const { do: what, pid: of, parts, ...step } of steps) {
    // Nobody comes from himself or his children.
    const parent = step.parent % of
    const { path, ...more } = parts
    const about = { ...more, start: start(of), ppid: parent, parent_start: start(parent) }
    if (what === 'next') generation[of] = (generation[of] as bigint) + 1n
    if (what === 'exec' || what === 'next') host.records.exec(of, path, { ...about, start: start(of) })
    else if (what === 'fork') host.records.fork(of, parent, { start: start(of), parent_start: start(parent) })
    else if (what === 'exit') host.records.exit(of, { start: start(of) })
    // Nodes of those that have ended are used again.
    else if (what === 'sweep') host.sensor.table.sweep(Number.MAX_SAFE_INTEGER)
    else {
      const exec = what === 'late'
      const early = host.records
      const proc = new Records(64 * 1024)
      if (exec) early.exec(of, path, about)
      const moment = early.tick()
      // In ticks, as /proc counts.
      const at = proc.exec(of, '/from/proc', {
        ...about,
        start: about.start - (about.start % 10_000_000n),
        flags: FLAG.PROCFS,
        time: moment,
      })
      host.sensor.table.snapshot(proc.memory, at)
    }
    host.flush()
  }
}

afterEach(() => void vi.restoreAllMocks())

describe('the brief text of an event', () => {
  test('says what the event says, whatever was written before and whatever images came and went', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        await using host = await watch(told)
        play(host, steps)
        for (const one of host.seen) check(one)
      }),
      { numRuns: 100 },
    )
  })

  test('shows the image that a parent has by now: read from /proc, told by its exec, after another exec, under a pid used again', async () => {
    await using host = await watch(told)
    const { records, sensor } = host
    const proc = new Records(64 * 1024)
    const parents = () =>
      host.seen.map(({ brief }) => (brief['process'] as Process).parent?.['file']).map((file) => (file as Json)?.['path'])
    const child = (pid: number, generation = 0n) => {
      const parent_start = startOf(10) + generation
      records.fork(pid, 10, { parent_start })
      host.flush()
    }
    records.writer.clear()
    const at = records.exec(10, '/bin/told')
    const snapshot = proc.exec(10, '/bin/read', {
      time: records.tick(),
      flags: FLAG.PROCFS,
      start: startOf(10) - (startOf(10) % 10_000_000n),
    })
    sensor.table.snapshot(proc.memory, snapshot)
    const end = records.writer.end
    const late = Buffer.from(records.memory.u8.slice(at, end))
    records.writer.clear()
    child(20)
    records.writer.clear()
    records.memory.u8.set(late, 0)
    sensor.consume(records.memory, 0, late.length)
    child(21)
    records.exec(10, '/bin/second')
    child(22)
    records.exec(10, '/bin/reused', { start: startOf(10) + 1_000_000_007n })
    child(23, 1_000_000_007n)
    expect(parents()).toEqual(['/bin/read', undefined, '/bin/told', undefined, '/bin/second', undefined, '/bin/reused'])
    for (const one of host.seen) check(one)
  })

  test('tells an earlier image of the same process from the same image above another', async () => {
    await using host = await watch(told)
    host.records.exec(10, '/bin/a')
    host.records.exec(10, '/bin/b')
    host.records.fork(20, 10)
    host.records.exec(20, '/bin/c')
    host.records.exec(10, '/bin/d')
    host.flush()
    const same = host.seen.map(({ brief }) =>
      (brief['process'] as Process).ancestors?.map((one) => [(one['file'] as Json)['name'], one['same_pid']]),
    )
    expect(same).toEqual([
      [],
      [['a', true]],
      [
        ['b', false],
        ['a', false],
      ],
      [
        ['b', false],
        ['a', false],
      ],
      [
        ['b', true],
        ['a', true],
      ],
    ])
    for (const one of host.seen) check(one)
  })

  test('shows who stands above now where a place in the table is used again', async () => {
    await using host = await watch(told)
    const { records, sensor } = host
    const chain = (...pids: readonly number[]) => {
      for (let i = 1; i < pids.length; i++) records.fork(pids[i] as number, pids[i - 1] as number)
      host.flush()
      for (const one of pids.slice(1).reverse()) records.exit(one)
      host.flush()
      sensor.table.sweep(Number.MAX_SAFE_INTEGER)
    }
    records.exec(1, '/bin/a')
    host.flush()
    chain(1, 2, 3, 4, 5)
    chain(1, 6, 7, 8, 9)
    const forks = host.seen.filter(({ brief }) => 'fork' in brief)
    expect(forks.map(({ brief }) => (brief['process'] as Process).parent?.['pid'])).toEqual([1, 2, 3, 4, 1, 6, 7, 8])
    for (const one of host.seen) check(one)
  })

  test('keeps every digit and every byte', async () => {
    await using host = await watch(told)
    const argv = [Buffer.from([0xff, 0x22, 0x5c]), '\u2028"\\', Buffer.from([0xed, 0xa0, 0x80])]
    host.records.exec(10, '/bin/a', { argv: ['a', ...argv], cred_cap_effective: 2n ** 64n - 1n, file_inode: 2n ** 53n + 1n })
    host.flush()
    const { text, brief } = host.seen[0] as ReturnType<typeof told>
    for (const block of ['exec', 'process']) expect((brief[block] as Json)['argv']).toEqual(['\\xff"\\', '\u2028"\\', '\\xed\\xa0\\x80'])
    expect(text.split('"cap_effective":18446744073709551615,')).toHaveLength(3)
    expect(text.split('"inode":9007199254740993,')).toHaveLength(3)
  })
})

describe('what stands above', () => {
  const above = ['process.parent.file.hashes', 'process.ancestors.file.path'] as const
  const twoBelow = (host: Host) => {
    host.records.exec(10, '/bin/sh')
    host.records.fork(20, 10)
    host.flush()
    host.seen.length = 0
    host.records.exec(20, '/bin/a')
    host.flush()
  }
  const hashes = ({ brief }: ReturnType<typeof told>) => ((brief['process'] as Process).parent?.['file'] as Json | undefined)?.['hashes']

  test('is read again after ten seconds', async () => {
    let now = 1_000_000
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    let hash = 0
    await using host = await watch((event) => briefMembers(event as unknown as BaseEvent), { [above[0]]: () => [`sha256:${++hash}`] })
    twoBelow(host)
    const read = hash
    now += 9_999
    host.records.exec(20, '/bin/b')
    host.flush()
    expect(hash).toBe(read)
    now += 20_000
    host.records.exec(20, '/bin/c')
    host.flush()
    expect(host.seen.at(-1)).toContain(`"sha256:${read + 1}"`)
  })

  test.each([
    ['met while it is written', false],
    ['met before, by a rule', true],
  ])('is not kept while a field of it is looked up: %s', async (_, before) => {
    let known = false
    const provider = () => (known ? ['sha256:a'] : (Promise.resolve(['sha256:a']) as never))
    await using host = await watch(
      (event) => {
        if (before) event.get(above[0])
        return told(event)
      },
      { [above[0]]: provider },
    )
    twoBelow(host)
    expect(hashes(host.seen[0] as never)).toBeUndefined()
    known = true
    host.records.exec(20, '/bin/b')
    host.flush()
    expect(hashes(host.seen[1] as never)).toEqual(['sha256:a'])
    check(host.seen[1] as never)
  })
})

describe('an exec is the same as its process', () => {
  test('as far as the sensor tells', async () => {
    await using host = await watch(told)
    host.records.exec(10, '/bin/sh', { argv: ['sh', '--password=x', 'y'.repeat(70_000)], envp: ['A=b'] })
    host.flush()
    const { brief, whole, mirrored } = host.seen[0] as ReturnType<typeof told>
    for (const shown of [brief, whole]) {
      const { parent: _, ancestors: __, ...own } = shown['process'] as Process
      expect(shown['exec']).toEqual(own)
    }
    expect(mirrored).toBe(true)
    check(host.seen[0] as never)
  })

  test.each(['process.file.hashes', 'exec.file.hashes'])('but for what another plugin tells of one alone: %s', async (field) => {
    await using host = await watch(told, { [field]: () => ['sha256:a'] })
    host.records.exec(10, '/bin/sh')
    host.flush()
    check(host.seen[0] as never)
  })

  test.each(['process.comm', 'exec.comm'])('but for what another plugin hides of one alone: %s', async (field) => {
    await using host = await watch(told, {}, { [field]: () => '***' })
    host.records.exec(10, '/bin/sh')
    host.flush()
    check(host.seen[0] as never)
  })
})
