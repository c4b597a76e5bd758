import { type Event, UNKNOWN } from '@cws/core'
import { PluginTester } from '@cws/core/testing'
import { describe, expect, it, test } from 'vitest'
import processExec from '../src/index.ts'
import { CHANGE_SIZE, FILE_FLAG, FLAG, LOST, LOST_SIZE, TYPE } from '../src/record/layout.ts'
import { hostOf } from './host.ts'
import { startOf } from './records.ts'

new PluginTester({ describe, it }).run(processExec, {
  valid: [{ env: ['LD_PRELOAD'] }, {}, { flavour: 'procfs', scrub: { words: ['*pin*'] } }],
  invalid: [
    { flavour: 'ebpf' },
    { ringBytes: 100_000 },
    { env: ['A=B'] },
    { surprise: true },
    { scrub: { patterns: ['('] } },
    { scrub: { patterns: ['\\pL{1000}'] } },
  ],
})

const watch = <T>(
  read: (event: Event) => T,
  only: 'exec' | 'fork' | 'exit' | 'open' | 'agent.lost_events' = 'exec',
  options: object = {},
) => hostOf(read, [only], { options })

const fields =
  (...names: string[]) =>
  (event: Event) =>
    Object.fromEntries(names.map((name) => [name, event.get(name)]))

describe('an exec', () => {
  test('says what ran, who ran it and where', async () => {
    await using host = await watch((event) => event.keep())
    host.records.exec(10, '/usr/bin/bash', { argv: ['-bash'], cred_uid: 0 })
    host.records.fork(20, 10)
    host.records.exec(20, '/usr/bin/ls', {
      argv: ['ls', '-l', '/tmp'],
      envp: ['PATH=/bin', 'HOME'],
      cwd: '/root',
      cgroup: `/system.slice/docker-${'a'.repeat(64)}.scope`,
      ppid: 10,
      tty: (136 << 20) | 3,
      cred_cap_effective: 0x1ff_ffff_ffffn,
      cred_auid: 4294967295,
    })
    host.flush()
    const event = host.seen[1] as Event<'exec'>
    expect(event.exec.file.path).toBe('/usr/bin/ls')
    expect(event.exec.argv).toEqual(['-l', '/tmp'])
    expect(event.exec.args).toBe('-l /tmp')
    expect(event.exec.argv0).toBe('ls')
    expect(event.exec.envs).toEqual(['PATH', 'PATH=/bin', 'HOME'])
    expect(event.exec.envp).toEqual(['PATH=/bin', 'HOME'])
    expect(event.exec.file.rights).toBe(0o755)
    expect(event.exec.cap_effective).toBe(0x1ff_ffff_ffffn)
    expect(event.exec.tty_name).toBe('pts3')
    expect(event.exec.user).toBe('root')
    expect(event.exec.interpreter.file.path).toBe('')
    expect(event.process.file.name).toBe('ls')
    expect(event.process.certainty).toBe('exact')
    expect(event.process.parent.file.path).toBe('/usr/bin/bash')
    expect(event.process.ancestors.file.path).toEqual(['/usr/bin/bash'])
    expect(event.process.ancestors.same_pid).toEqual([false])
    expect(event.process.ancestors.argv).toEqual([[]])
    expect(event.container.id).toBe('a'.repeat(64))
    expect(event.event.origin).toBe('test')
  })

  test('names the script, and its interpreter', async () => {
    await using host = await watch(
      fields('exec.file.path', 'exec.file.name', 'exec.file.inode', 'exec.interpreter.file.path', 'exec.interpreter.file.inode'),
    )
    host.records.exec(10, '/usr/bin/dash', { filename: '../bin/./job.sh', cwd: '/opt/app', flags: FLAG.SCRIPT })
    host.flush()
    expect(host.seen).toEqual([
      {
        'exec.file.path': '/opt/bin/job.sh',
        'exec.file.name': 'job.sh',
        'exec.file.inode': UNKNOWN,
        'exec.interpreter.file.path': '/usr/bin/dash',
        'exec.interpreter.file.inode': 4711n,
      },
    ])
  })

  test('of a memory file', async () => {
    await using host = await watch(fields('exec.file.path', 'exec.file.name', 'exec.file.memfd', 'exec.file.unlinked'))
    host.records.exec(10, 'memfd:a/b', { file_flags: FILE_FLAG.MEMFD | FILE_FLAG.UNLINKED })
    host.flush()
    expect(host.seen).toEqual([
      { 'exec.file.path': 'memfd:a/b', 'exec.file.name': 'memfd:a/b', 'exec.file.memfd': true, 'exec.file.unlinked': true },
    ])
  })

  test('keeps what it does not know apart from what is empty', async () => {
    await using host = await watch(fields('exec.args', 'exec.argv', 'exec.envs', 'container.id', 'exec.cwd'))
    host.records.exec(10, '/bin/a', { flags: FLAG.ARGV_UNKNOWN | FLAG.ENVP_UNKNOWN | FLAG.CWD_TRUNCATED | FLAG.CGROUP_TRUNCATED })
    host.records.exec(11, '/bin/b', { argv: ['b'], envp: [] })
    host.flush()
    expect(host.seen[0]).toEqual({
      'exec.args': UNKNOWN,
      'exec.argv': UNKNOWN,
      'exec.envs': UNKNOWN,
      'container.id': UNKNOWN,
      'exec.cwd': UNKNOWN,
    })
    expect(host.seen[1]).toMatchObject({ 'exec.args': '', 'exec.argv': [], 'exec.envs': [], 'container.id': '' })
  })

  test('has all of its long arguments while it is dispatched', async () => {
    await using host = await watch((event) => (event.get('exec.argv') as string[]).length)
    host.records.exec(10, '/bin/rm', { argv: ['rm', ...Array.from({ length: 5000 }, (_, i) => `file-${i}`)] })
    host.flush()
    expect(host.seen).toEqual([5000])
    const { images, table } = host.sensor
    expect(images.truncated(table.find(10), 280, FLAG.ARGV_TRUNCATED)).toBe(true)
  })

  test('is shown without secrets, and judged with them', async () => {
    await using host = await watch((event) => ({ raw: event.get('exec.args'), shown: event.toJSON() }))
    host.records.exec(10, '/bin/sh', { argv: ['sh', '--password=parent1'] })
    host.records.fork(20, 10)
    host.records.exec(20, '/usr/bin/curl', {
      argv: ['curl', '-u', 'me:hunter2', '--token', 'abcdef', 'https://u:pw@host/'],
      envp: ['API_KEY=zzz', 'PATH=/bin'],
    })
    host.flush()
    const { raw, shown } = host.seen[1] as { raw: string; shown: { exec: Record<string, unknown> } }
    expect(raw).toBe('-u me:hunter2 --token abcdef https://u:pw@host/')
    expect(shown.exec['args']).toBe('-u me:*** --token *** https://u:***@host/')
    expect(JSON.stringify(shown)).not.toMatch(/hunter2|abcdef|:pw@|zzz|parent1/)
  })

  test('marks a lineage that is not known to its root', async () => {
    await using host = await watch(fields('process.ancestors.file.name', 'process.ancestors.length', 'process.parent.pid'))
    host.records.exec(20, '/bin/ls', { ppid: 10, parent_start: startOf(10) })
    host.flush()
    expect(host.seen).toEqual([{ 'process.ancestors.file.name': [UNKNOWN], 'process.ancestors.length': 0, 'process.parent.pid': UNKNOWN }])
  })
})

describe('other events', () => {
  test('fork and exit', async () => {
    await using forks = await watch(fields('fork.pid', 'fork.ppid', 'process.pid', 'process.file.path', 'process.is_exec'), 'fork')
    forks.records.exec(10, '/bin/bash')
    forks.records.fork(20, 10)
    forks.flush()
    expect(forks.seen).toEqual([
      { 'fork.pid': 20, 'fork.ppid': 10, 'process.pid': 20, 'process.file.path': '/bin/bash', 'process.is_exec': false },
    ])
    await using exits = await watch(fields('exit.cause', 'exit.code', 'process.file.path'), 'exit')
    exits.records.exec(10, '/bin/a')
    exits.records.exit(10, { code: 3 << 8 })
    exits.records.exec(11, '/bin/b')
    exits.records.exit(11, { code: 9 })
    exits.records.exec(12, '/bin/c')
    exits.records.exit(12, { code: 11 | 0x80 })
    exits.flush()
    expect(exits.seen).toEqual([
      { 'exit.cause': 0, 'exit.code': 3, 'process.file.path': '/bin/a' },
      { 'exit.cause': 2, 'exit.code': 9, 'process.file.path': '/bin/b' },
      { 'exit.cause': 1, 'exit.code': 11, 'process.file.path': '/bin/c' },
    ])
  })

  test('have the author that the pid had at their time', async () => {
    await using host = await watch(fields('process.file.path', 'process.ancestors.file.path'), 'open')
    host.records.exec(10, '/bin/sh')
    host.records.fork(20, 10)
    const before = host.sensor.clock.toWall(host.records.tick())
    host.records.exec(20, '/bin/sleep')
    const after = host.sensor.clock.toWall(host.records.tick())
    host.flush()
    host.pipeline.emit('open', {}, { pid: 20, timestamp: before })
    host.pipeline.emit('open', {}, { pid: 20, timestamp: after })
    host.pipeline.emit('open', {}, { pid: 99, timestamp: after })
    expect(host.seen).toEqual([
      { 'process.file.path': '/bin/sh', 'process.ancestors.file.path': ['/bin/sh'] },
      { 'process.file.path': '/bin/sleep', 'process.ancestors.file.path': ['/bin/sh'] },
      { 'process.file.path': UNKNOWN, 'process.ancestors.file.path': UNKNOWN },
    ])
  })
})

test('of what happened within some time the author is never a later image, and exact only where it had one image all that time', async () => {
  await using host = await watch(fields('process.file.path', 'process.certainty'), 'open')
  const { records, sensor } = host
  const now = () => sensor.clock.toWall(records.tick())
  records.exec(10, '/bin/sh')
  const a = now()
  const b = now()
  records.exec(10, '/bin/sleep')
  const c = now()
  const d = now()
  records.fork(20, 10)
  records.exec(20, '/bin/true')
  const e = now()
  host.flush()
  const open = (pid: number, notBefore: bigint, timestamp: bigint) => host.pipeline.emit('open', {}, { pid, notBefore, timestamp })
  open(10, a, b)
  open(10, b, c)
  open(10, c, d)
  open(20, d, e) // made, and executed something, within that time
  open(99, a, b)
  host.pipeline.emit('open', {}, { pid: 10, timestamp: d })
  expect(host.seen.map((event) => [event['process.file.path'], event['process.certainty']])).toEqual([
    ['/bin/sh', 'exact'],
    ['/bin/sh', 'window'],
    ['/bin/sleep', 'exact'],
    ['/bin/sleep', 'window'],
    [UNKNOWN, 'unknown'],
    ['/bin/sleep', UNKNOWN],
  ])
})

test('what another source cannot take costs no process behind it', async () => {
  await using host = await watch(fields('exec.file.path'))
  const { sensor, records } = host
  sensor.onRecord(TYPE.CHANGE, () => {
    throw new Error('no')
  })
  const { end: at } = records.writer
  records.exec(10, '/bin/a')
  // The record of somebody else before it.
  records.memory.u32[(at + 4) >>> 2] = TYPE.CHANGE
  records.exec(11, '/bin/b')
  host.flush()
  expect([host.seen, sensor.broken]).toEqual([[{ 'exec.file.path': '/bin/b' }], 1])
})

test('records of another source come to it in their place, with those of their loss', async () => {
  await using host = await watch(fields('agent.lost_events'), 'exec')
  const { sensor, records } = host
  const taken: [number, boolean][] = []
  const leave = sensor.onRecord(TYPE.CHANGE, (at) => taken.push([at, sensor.table.find(10) !== 0]))
  const change = (at: number) => {
    records.memory.u32[at >>> 2] = CHANGE_SIZE
    records.memory.u32[(at >>> 2) + 1] = TYPE.CHANGE
  }
  records.exec(10, '/bin/a')
  const { end } = records.writer
  change(end)
  change(end + CHANGE_SIZE)
  records.memory.u32[(end + CHANGE_SIZE) >>> 2] = LOST_SIZE
  records.memory.u32[((end + CHANGE_SIZE) >>> 2) + 1] = TYPE.LOST
  records.memory.u32[(end + CHANGE_SIZE + LOST.lost_type) >>> 2] = TYPE.CHANGE
  sensor.consume(records.memory, 0, end + CHANGE_SIZE + LOST_SIZE)
  expect(taken).toEqual([
    [end, true],
    [end + CHANGE_SIZE, true],
  ])
  leave()
  sensor.consume(records.memory, end, end + CHANGE_SIZE)
  expect([taken.length, sensor.broken]).toEqual([2, 0])
})

test('what a process was told is known when it makes another and when it ends', async () => {
  await using host = await hostOf(
    (event) => [event.type, event.get('process.args'), event.get('process.args_truncated')],
    ['exec', 'fork', 'exit'],
  )
  const { records } = host
  records.exec(10, '/bin/sh', { argv: ['sh', '-c', 'x; y'] })
  records.fork(11, 10)
  records.exit(11)
  records.exit(10)
  host.flush()
  expect(host.seen).toEqual(['exec', 'fork', 'exit', 'exit'].map((type) => [type, '-c x; y', false]))
})

test('a table filled with long texts hides nothing of what runs now', async () => {
  await using host = await watch(fields('exec.file.path', 'exec.file.name', 'exec.args', 'container.id', 'exec.cwd'), 'exec', {
    maxTableBytes: 2 * 1024 * 1024,
  })
  const long = (pid: number, mark: string) => `${mark}${pid}-${'x'.repeat(4000)}`
  for (let pid = 10; pid < 2000; pid++) {
    host.records.exec(pid, `/tmp/${long(pid, 'p')}`, { argv: [long(pid, 'a')], envp: [long(pid, 'e')], cwd: `/${long(pid, 'c')}` })
    host.flush()
  }
  const id = 'ab'.repeat(32)
  host.records.exec(5000, '/tmp/unheard-of', { argv: ['unheard-of', '-x'], cgroup: `/docker/${id}`, cwd: '/tmp/unheard' })
  host.flush()
  expect(host.sensor.table.counts().stringsRefused).toBeGreaterThan(0)
  expect(host.seen.flatMap((event) => Object.entries(event)).filter(([, value]) => value === UNKNOWN)).toEqual([])
  expect(host.seen.at(-1)).toEqual({
    'exec.file.path': '/tmp/unheard-of',
    'exec.file.name': 'unheard-of',
    'exec.args': '-x',
    'container.id': id,
    'exec.cwd': '/tmp/unheard',
  })
})
