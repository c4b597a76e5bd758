import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FILE_FLAG, LIMIT, RECORD_FLAG, TYPE } from '../../native/src/layout.generated.ts'
import { nested } from '../../tests/support/vantage.ts'
import { build, cleanUp, Dump, generate, generator, type Totals } from './programs.ts'

let marks = 0
const mark = () => `mark-${process.pid}-${++marks}`

beforeAll(build)
afterAll(cleanUp)

describe.each(['process.bpf.o', 'process_raw.bpf.o'])('%s', (object) => {
  let dump: Dump
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'cws-bpf-'))
    chmodSync(folder, 0o755) // some scenarios run as somebody else
    dump = await Dump.start(object, ['KEPT', 'LONG'])
  })
  afterAll(async () => {
    await dump?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** A path in records. */
  const at = (path: string) => dump.vantage.at(path)
  /** The pid in records of a generator that ran. */
  const ran = async (args: string[], options?: { cwd: string }) => dump.pidOf((await generate(args, options)).pid)

  const exits = (pid: unknown, start: unknown) =>
    dump.find((line) => line.type === TYPE.EXIT && line.pid === pid && line['start'] === start)
  const forkOf = (pid: unknown, start: unknown) =>
    dump.lines.filter((line) => line.type === TYPE.FORK && line.pid === pid && line['start'] === start)

  test('an exec tells what ran, where, as whom, and from whom', async () => {
    const m = mark()
    const pid = await ran(['vfork', m], { cwd: folder })
    const exec = await dump.exec(m)
    const file = statSync(generator, { bigint: true })
    expect(exec).toMatchObject({
      ppid: pid,
      pgid: pid,
      sid: pid,
      comm: 'exe',
      argc: 4,
      argv: `generate\0exit\x000\0${m}\0`,
      argv_len: 17 + m.length,
      path: at(generator),
      filename: '/proc/self/exe',
      cwd: at(folder),
      inode: Number(file.ino),
      bytes: Number(file.size),
      mode: Number(file.mode),
      nlink: 1,
      file_uid: 0,
      file_gid: 0,
      mtime: String(file.mtimeNs),
      ctime: String(file.ctimeNs),
      file_flags: 0,
      flags: 0,
      uid: 0,
      gid: 0,
      euid: 0,
      egid: 0,
      fsuid: 0,
      fsgid: 0,
      auid: Number(readFileSync('/proc/self/loginuid', 'utf8')),
    })
    expect(exec['dev']).toBe((Number(file.dev >> 8n) & 0xfff) * 2 ** 20 + (Number(file.dev & 0xffn) | (Number(file.dev >> 12n) & 0xfff00)))
    for (const name of ['mnt', 'pid', 'net', 'user', 'uts', 'ipc', 'cgroup'])
      expect(readlinkSync(`/proc/self/ns/${name}`)).toContain(`[${(exec['ns'] as Record<string, number>)[name]}]`)
    expect(exec['cap_effective']).toBe(/CapEff:\t0*(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
    if (!nested()) expect(exec['ns_pid']).toBe(exec.pid)
    expect((await exits(exec.pid, exec['start'])).code).toBe(0)
    expect(forkOf(exec.pid, exec['start'])).toMatchObject([{ ppid: pid, real_ppid: pid, parent_start: exec['parent_start'] }])
  })

  test('the control group is that of /proc', async () => {
    const m = mark()
    await generate(['exit', '0', m])
    const groups = readFileSync('/proc/self/cgroup', 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(':'))
    const of = (controller: string) =>
      groups
        .find(([, names]) => names!.split(',').includes(controller))
        ?.slice(2)
        .join(':')
    const paths = [of('memory'), of('pids'), of('')].filter((path) => path !== undefined)
    expect((await dump.exec(m))['cgroup']).toBe(paths.find((path) => path !== '/') ?? '/')
  })

  test('arguments around the limits come whole, longer ones are cut and flagged', async () => {
    for (const size of [
      LIMIT.ARGV_INLINE_MAX - 1,
      LIMIT.ARGV_INLINE_MAX,
      LIMIT.ARGV_INLINE_MAX + 1,
      20_000,
      LIMIT.ARGV_MAX,
      LIMIT.ARGV_MAX + 1,
      100_000,
    ]) {
      const m = mark()
      const head = `${generator}\0exit\x000\0${m}\0`
      const filler = 'abcdefg'.repeat(size).slice(0, size - head.length - 1)
      const pid = await ran(['exit', '0', m, filler])
      const exec = await dump.find((line) => line.type === TYPE.EXEC && line.pid === pid)
      const chunks = dump.lines.filter(
        (line) => line.type === TYPE.ARGV_CHUNK && line['time'] === exec['time'] && line['tid'] === exec['tid'],
      )
      const whole = `${head}${filler}\0`
      expect(exec).toMatchObject({ argv_len: size, argc: 5 })
      expect(exec.flags & RECORD_FLAG.ARGV_TRUNCATED).toBe(size > LIMIT.ARGV_MAX ? RECORD_FLAG.ARGV_TRUNCATED : 0)
      expect(exec.flags & RECORD_FLAG.CHUNKED).toBe(size > LIMIT.ARGV_INLINE_MAX ? RECORD_FLAG.CHUNKED : 0)
      if (size <= LIMIT.ARGV_INLINE_MAX) {
        expect(exec.argv).toBe(whole)
      } else {
        expect(exec.argv).toBe('')
        expect(chunks.map((chunk) => chunk['offset'])).toEqual(chunks.map((_, index) => index * LIMIT.ARGV_CHUNK_MAX))
        expect(chunks.map((chunk) => chunk['data']).join('')).toBe(whole.slice(0, LIMIT.ARGV_MAX))
        expect(dump.lines.indexOf(chunks.at(-1)!)).toBeLessThan(dump.lines.indexOf(exec))
      }
    }
  })

  test('arguments are bytes', async () => {
    const m = mark()
    await generate(['bytes', Buffer.from('a\nb').toString('hex'), Buffer.from(m).toString('hex'), '', 'ff80fe', '1b5b33316d'])
    expect((await dump.exec(m)).argv).toBe(`a\nb\0${m}\0\0\xff\x80\xfe\0\x1b[31m\0`)
  })

  test('of the environment only names leave, and the values that are allowed', async () => {
    const m = mark()
    const long = 'l'.repeat(10_000)
    await generate(['exit', '0', m], {
      env: { A: '1', KEPT: 'k=v', SECRET: 's3cret', HUGE: long, EMPTY: '', KEPT2: 'x', ['N'.repeat(300)]: 'v', LAST: 'z' },
    })
    const exec = await dump.exec(m)
    expect(exec['envp']).toBe(`A\0KEPT=k=v\0SECRET\0HUGE\0EMPTY\0KEPT2\0${'N'.repeat(255)}\0LAST\0`)
    expect(exec.flags & RECORD_FLAG.ENVP_TRUNCATED).not.toBe(0)
    const n = mark()
    await generate(['exit', '0', n], { env: { LONG: long, LAST: 'z' } })
    const cut = await dump.exec(n)
    expect(cut['envp']).toMatch(/^LONG=l{3000,4100}\0LAST\0$/)
    expect(cut.flags & RECORD_FLAG.ENVP_TRUNCATED).not.toBe(0)
    const o = mark()
    await generate(['exit', '0', o], { env: { HUGE: long, LAST: 'z' } })
    expect(await dump.exec(o)).toMatchObject({ envp: 'HUGE\0LAST\0', flags: 0, envp_len: long.length + 13 })
  })

  test('a script: its interpreter is the file, its own name the filename', async () => {
    const script = join(folder, 'odd\nname.sh')
    writeFileSync(script, `#!${generator} exit\n`, { mode: 0o755 })
    execFileSync(script, ['x'], { cwd: folder })
    const exec = await dump.find((line) => line.type === TYPE.EXEC && line['filename'] === script)
    expect(exec).toMatchObject({
      path: at(generator),
      flags: RECORD_FLAG.SCRIPT,
      argv: `${generator}\0exit\0${script}\0x\0`,
      argc: 4,
    })
  })

  test('memfd', async () => {
    const m = mark()
    await generate(['memfd', 'hid/den', m])
    expect(await dump.exec(m)).toMatchObject({
      path: 'memfd:hid/den',
      fstype: 'tmpfs',
      nlink: 0,
      file_flags: FILE_FLAG.MEMFD | FILE_FLAG.UNLINKED,
    })
  })

  test('an unlinked file keeps the path it had', async () => {
    const m = mark()
    await generate(['unlinked', join(folder, 'gone'), m])
    expect(await dump.exec(m)).toMatchObject({ path: at(join(folder, 'gone')), nlink: 0, file_flags: FILE_FLAG.UNLINKED })
  })

  test('a detached mount', async () => {
    const m = mark()
    mkdirSync(join(folder, 'detached'))
    await generate(['detached', join(folder, 'detached'), m])
    expect(await dump.exec(m)).toMatchObject({ path: '/program', fstype: 'tmpfs', file_flags: FILE_FLAG.DETACHED })
  })

  test('a chroot hides nothing', async () => {
    const m = mark()
    copyFileSync(generator, join(folder, 'inside'))
    await generate(['chroot', folder, '/inside', m])
    expect(await dump.exec(m)).toMatchObject({ path: at(join(folder, 'inside')), filename: '/inside', cwd: at(folder), file_flags: 0 })
  })

  test('overlay: lower layer, upper layer, copied up', async () => {
    const inside = (name: string) => join(folder, name)
    for (const name of ['lower', 'layers', 'merged']) mkdirSync(inside(name))
    execFileSync('mount', ['-t', 'tmpfs', 'cws', inside('layers')])
    try {
      mkdirSync(inside('layers/upper'))
      mkdirSync(inside('layers/work'))
      for (const name of ['low', 'up']) copyFileSync(generator, inside(`lower/${name}`))
      execFileSync('mount', [
        '-t',
        'overlay',
        'cws',
        '-o',
        `lowerdir=${inside('lower')},upperdir=${inside('layers/upper')},workdir=${inside('layers/work')}`,
        inside('merged'),
      ])
      try {
        chmodSync(inside('merged/up'), 0o711)
        copyFileSync(generator, inside('merged/new'))
        const exec = async (name: string) => {
          const m = mark()
          await generate(['user', '0', '0', inside(`merged/${name}`), m])
          return dump.exec(m)
        }
        expect(await exec('low')).toMatchObject({ path: at(inside('merged/low')), fstype: 'overlay', file_flags: FILE_FLAG.LOWER_LAYER })
        expect(await exec('up')).toMatchObject({ path: at(inside('merged/up')), fstype: 'overlay', file_flags: FILE_FLAG.UPPER_LAYER })
        expect(await exec('new')).toMatchObject({ path: at(inside('merged/new')), fstype: 'overlay', file_flags: FILE_FLAG.UPPER_LAYER })
      } finally {
        execFileSync('umount', [inside('merged')])
      }
    } finally {
      execFileSync('umount', [inside('layers')])
    }
  })

  test('deep paths: a hundred components whole, beyond the bound the last ones', async () => {
    const m = mark()
    await generate(['deep', folder, '100', 'd', m])
    const path = at(`${folder}${'/d'.repeat(100)}`)
    expect(await dump.exec(m)).toMatchObject({ path: `${path}/program`, cwd: path, file_flags: 0, flags: 0 })

    const components = mark()
    await generate(['deep', folder, '300', 'd', components])
    const many = await dump.exec(components)
    expect(many['path']).toMatch(/^(\/d){200,}\/program$/)
    expect([many['file_flags'], many.flags & RECORD_FLAG.CWD_TRUNCATED]).toEqual([FILE_FLAG.PATH_TRUNCATED, RECORD_FLAG.CWD_TRUNCATED])

    const bytes = mark()
    await generate(['deep', folder, '40', 'n'.repeat(200), bytes])
    const long = await dump.exec(bytes)
    expect(long['path']).toMatch(/^(\/n{200}){19,20}\/program$/)
    expect(long['file_flags']).toBe(FILE_FLAG.PATH_TRUNCATED)
  })

  test('clone3, and a child given away to the grandparent', async () => {
    const m = mark()
    const pid = await ran(['clone3', m])
    const exec = await dump.exec(m)
    expect(forkOf(exec.pid, exec['start'])).toMatchObject([{ ppid: pid, real_ppid: pid }])
    const n = mark()
    const given = await ran(['sibling', n])
    const sibling = await dump.exec(n)
    expect(sibling.ppid).toBe(dump.vantage.pid)
    expect(forkOf(sibling.pid, sibling['start'])).toMatchObject([{ ppid: given, real_ppid: dump.vantage.pid }])
  })

  test('double fork: the new parent at the exec, the old one at the fork', async () => {
    const m = mark()
    const pid = await ran(['double-fork', m])
    const exec = await dump.exec(m)
    expect(exec.ppid).toBe(pid)
    const [fork] = forkOf(exec.pid, exec['start'])
    expect(fork?.ppid).not.toBe(pid)
    expect(forkOf(fork?.ppid, fork?.['parent_start'])).toMatchObject([{ ppid: pid }])
  })

  test('a thread that executes: the process stays one, threads are no processes', async () => {
    const m = mark()
    const pid = await ran(['thread', m])
    const exec = await dump.exec(m)
    expect(exec).toMatchObject({ pid, tid: pid, flags: RECORD_FLAG.THREAD_EXEC | RECORD_FLAG.THREADS })
    await exits(pid, exec['start'])
    const own = dump.lines.filter((line) => line.pid === pid && line['start'] === exec['start'])
    expect(own.map((line) => line.type)).toEqual([TYPE.FORK, TYPE.EXEC, TYPE.EXEC, TYPE.EXIT])
  })

  test('exit: status, signal, and the word of the last thread', async () => {
    for (const args of [['exit', '3'], ['signal', '9'], ['signal', '11'], ['leader-first']]) {
      const { pid: child, code, signal } = await generate(args)
      const pid = await dump.pidOf(child)
      const exit = await dump.find((line) => line.type === TYPE.EXIT && line.pid === pid)
      const signals: Record<string, number> = { SIGKILL: 9, SIGSEGV: 11 }
      expect(exit.code & ~0x80).toBe(signal ? signals[signal] : (code ?? 0) << 8)
    }
  })

  test('namespaces and the pid inside', async () => {
    const m = mark()
    await generate(['namespaces', generator, m])
    const exec = await dump.exec(m)
    expect(exec['ns_pid']).toBe(1)
    for (const [name, inode] of Object.entries(exec['ns'] as Record<string, number>)) {
      const mine = readlinkSync(`/proc/self/ns/${name}`)
      if (name === 'user') expect(mine).toContain(`[${inode}]`)
      else expect(mine).not.toContain(`[${inode}]`)
    }
    expect(exec).toMatchObject({ path: at(generator), file_flags: 0 })
  })

  test('credentials are those of the new image', async () => {
    const m = mark()
    copyFileSync(generator, join(folder, 'setuid'))
    chmodSync(join(folder, 'setuid'), 0o4755)
    await generate(['user', '1234', '2345', join(folder, 'setuid'), m])
    expect(await dump.exec(m)).toMatchObject({ uid: 1234, euid: 0, fsuid: 0, gid: 2345, egid: 2346, fsgid: 2346, mode: 0o104755 })
    const n = mark()
    copyFileSync(generator, join(folder, 'plain'))
    await generate(['user', '1234', '2345', join(folder, 'plain'), n])
    expect(await dump.exec(n)).toMatchObject({ uid: 1234, euid: 1235, gid: 2345, egid: 2346, cap_effective: '0' })
  })
})

describe.each(['process.bpf.o', 'process_raw.bpf.o'])('%s under load', (object) => {
  const numbers = (dump: Dump, m: string) =>
    dump.lines
      .filter((line) => line.type === TYPE.EXEC && line.argv.startsWith(`generate\0exit\x000\0${m}\0`))
      .map((line) => Number(line.argv.split('\0')[4]))

  test('a storm arrives whole', async () => {
    const dump = await Dump.start(object)
    const m = mark()
    const pid = await dump.pidOf((await generate(['storm', '3000', '20', m])).pid)
    await dump.find((line) => line.type === TYPE.EXIT && line.pid === pid)
    const totals = await dump.stop()
    expect(numbers(dump, m)).toEqual(Array.from({ length: 3000 }, (_, index) => index))
    expect(totals.counters.slice(1).map((counter) => counter!.lost)).toEqual(Array(15).fill(0))
  })

  test('what a full ring buffer cannot take is counted', async () => {
    const dump = await Dump.start(object)
    const m = mark()
    const execs = 400
    dump.signal('SIGSTOP')
    await generate(['storm', String(execs), '60000', m])
    dump.signal('SIGCONT')
    const totals: Totals = await dump.stop()
    const seen = (type: number) => dump.lines.filter((line) => line.type === type).length
    for (const type of [TYPE.EXEC, TYPE.FORK, TYPE.EXIT, TYPE.ARGV_CHUNK]) expect(totals.counters[type]!.seen).toBe(seen(type))
    expect(totals.counters[TYPE.ARGV_CHUNK]!.lost).toBeGreaterThan(0)
    expect(totals.counters[TYPE.EXEC]!.seen + totals.counters[TYPE.EXEC]!.lost).toBeGreaterThan(execs)
    // Every exec that arrived either has all its chunks before it or says that it has not.
    const chunks = new Map<unknown, number>()
    for (const line of dump.lines) if (line.type === TYPE.ARGV_CHUNK) chunks.set(line['time'], (chunks.get(line['time']) ?? 0) + 1)
    const long = dump.lines.filter((line) => line.type === TYPE.EXEC && (line['argv_len'] as number) > 60_000)
    for (const exec of long) {
      const whole = chunks.get(exec['time']) === Math.ceil((exec['argv_len'] as number) / LIMIT.ARGV_CHUNK_MAX)
      expect(exec.flags & (RECORD_FLAG.CHUNK_LOST | RECORD_FLAG.ARGV_TRUNCATED)).toBe(
        whole ? 0 : RECORD_FLAG.CHUNK_LOST | RECORD_FLAG.ARGV_TRUNCATED,
      )
    }
    expect(long.length).toBeGreaterThan(0)
  })
})
