import { spawnSync } from 'node:child_process'
import { appendFileSync, linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  CHANGE,
  type ChangeSource,
  clockBoottime,
  type Drain,
  type DrainOptions,
  FAN,
  FILE_FLAG,
  HEADER,
  LOST,
  openDrain,
  probeInotify,
  type Queue,
  readBigInt,
  readBytes,
  readNumber,
  readU32,
  recordType,
  TYPE,
  walkRecords,
} from '../src/index.ts'

interface Change {
  mask: number
  pid: number
  path: string | undefined
  to: string | undefined
  inode: bigint
  nlink: number
  absent: boolean
  since: bigint
  until: bigint
  time: bigint
}

let base: string
let folder: string
const open: Drain[] = []
const changes: Change[] = []
const losses: { since: bigint; time: bigint; count: number }[] = []

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'cws-inotify-'))
})
afterAll(() => rmSync(base, { recursive: true }))
afterEach(() => {
  for (const drain of open.splice(0)) drain.close()
  changes.length = losses.length = 0
})

function onRecords(queue: Queue, start: number, end: number): void {
  const text = (at: number, field: number) => {
    const bytes = readBytes(queue, at, field)
    return bytes && Buffer.from(bytes).toString('latin1')
  }
  walkRecords(queue, start, end, (at) => {
    const time = readBigInt(queue, at + HEADER.time)
    if (recordType(queue, at) === TYPE.LOST && readU32(queue, at + LOST.lost_type) === TYPE.CHANGE)
      losses.push({ since: readBigInt(queue, at + HEADER.start), time, count: readNumber(queue, at + LOST.count) })
    if (recordType(queue, at) !== TYPE.CHANGE) return
    changes.push({
      mask: readU32(queue, at + CHANGE.mask),
      pid: readU32(queue, at + HEADER.pid),
      path: text(at, CHANGE.file_path),
      to: text(at, CHANGE.destination_path),
      inode: readBigInt(queue, at + CHANGE.file_inode),
      nlink: readU32(queue, at + CHANGE.file_nlink),
      absent: (readU32(queue, at + CHANGE.file_flags) & FILE_FLAG.ABSENT) !== 0,
      since: readBigInt(queue, at + CHANGE.since),
      until: readBigInt(queue, at + CHANGE.until),
      time,
    })
  })
}

function watch(options: Partial<DrainOptions> = {}): ChangeSource {
  folder = mkdtempSync(join(base, 'watched-'))
  const drain = openDrain({ onRecords, ...options })
  open.push(drain)
  const source = drain.addInotify()
  source.mark(folder)
  return source
}

const until = async (what: string, condition: () => boolean): Promise<void> => {
  for (const deadline = Date.now() + 20_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const at = (...names: string[]) => join(folder, ...names)
const about = (mask: number, path: string) => changes.filter((one) => one.mask & mask && one.path === path)
async function seen(mask: number, path: string): Promise<Change> {
  await until(`${mask.toString(16)} of ${path}`, () => about(mask, path).length > 0)
  return about(mask, path)[0]!
}

describe('a watched directory', () => {
  it('tells the same as by fanotify, but not by whom', async () => {
    watch()
    const before = clockBoottime()
    writeFileSync(at('a'), 'one')
    const created = await seen(FAN.CREATE, at('a'))
    expect(created).toMatchObject({ pid: 0, inode: statSync(at('a'), { bigint: true }).ino, absent: false, nlink: 1 })
    expect([created.since < created.time, created.time > before, created.until]).toEqual([true, true, created.time])
    linkSync(at('a'), at('hard'))
    expect((await seen(FAN.CREATE, at('hard'))).nlink).toBe(2)
    unlinkSync(at('a'))
    expect((await seen(FAN.DELETE, at('a'))).absent).toBe(true)
  })

  it('tells of one that left also when it is drained a last time right after', () => {
    const source = watch()
    writeFileSync(at('a'), '')
    renameSync(at('a'), join(base, 'left'))
    source.remove()
    open.pop()?.close()
    expect(about(FAN.RENAME, at('a'))).toMatchObject([{ to: undefined }])
  })

  it('tells in order of a name that left and was made anew', async () => {
    watch()
    writeFileSync(at('a'), '')
    await seen(FAN.CREATE, at('a'))
    changes.length = 0
    renameSync(at('a'), join(base, 'left'))
    writeFileSync(at('a'), '')
    await seen(FAN.CREATE, at('a'))
    expect(changes.map(({ mask }) => mask & (FAN.RENAME | FAN.CREATE)).filter(Boolean)).toEqual([FAN.RENAME, FAN.CREATE])
  })

  it('that is elsewhere, though nobody told that it moved, is told to be lost and watched no longer', async () => {
    const source = watch()
    mkdirSync(at('up', 'low'), { recursive: true })
    // Of what is between nothing is known.
    source.mark(at('up', 'low'))
    expect(source.counts().marks).toBe(2)
    const before = clockBoottime()
    renameSync(at('up'), join(base, 'elsewhere'))
    mkdirSync(at('up', 'low'), { recursive: true })
    writeFileSync(join(base, 'elsewhere', 'low', 'first'), '')
    await until('it is told', () => losses.length > 0)
    expect(losses).toMatchObject([{ count: 1 }])
    expect(losses[0]!.since).toBeGreaterThan(before)
    expect(losses[0]!.since).toBeLessThan(losses[0]!.time)
    expect(source.counts().marks).toBe(1)
    changes.length = 0
    appendFileSync(join(base, 'elsewhere', 'low', 'first'), 'x')
    source.mark(at('up', 'low'))
    writeFileSync(at('up', 'low', 'second'), '')
    await seen(FAN.CREATE, at('up', 'low', 'second'))
    expect(changes.filter(({ path }) => path?.endsWith('first'))).toEqual([])
  })
})

describe('loss', () => {
  it('what overflows the kernel’s queue is told, and since when; then all goes on', async () => {
    // A queue without room holds the thread up; the kernel's own then overflows.
    watch({ queueBytes: 64 * 1024 })
    const before = clockBoottime()
    for (let i = 0; i < 20_000; i++) writeFileSync(at(`o${i}`), '')
    const after = clockBoottime()
    await until('the overflow is told', () => losses.length > 0)
    expect(losses[0]!.since).toBeGreaterThan(before - 1_000_000_000n)
    expect(losses[0]!.since).toBeLessThan(after)
    mkdirSync(at('end'))
    await seen(FAN.CREATE, at('end'))
  })
})

describe('limits', () => {
  /** In a user namespace of its own, which has limits of its own. */
  const limited = (limit: string, code: string) => {
    const script = `
      import { openDrain, probeInotify } from '${new URL('../src/index.ts', import.meta.url).href}'
      ${code}`
    const node = `exec '${process.execPath}' --conditions=cws-source --input-type=module -e "$1"`
    const { stdout, stderr } = spawnSync(
      'unshare',
      ['-r', 'sh', '-c', `echo ${limit.replace('=', ' >/proc/sys/user/')}; ${node}`, 'sh', script],
      {
        encoding: 'utf8',
        env: { ...process.env, NODE_OPTIONS: '' },
      },
    )
    return JSON.parse(stdout || JSON.stringify(stderr)) as unknown
  }

  // Not in a chroot: the kernel lets nobody there make a user namespace.
  const possible = spawnSync('unshare', ['-r', 'true']).status === 0

  it.skipIf(!possible)('of watches: what to raise is told in words that are the same for each directory', () => {
    const told = limited(
      '2=max_inotify_watches',
      `const source = openDrain({ onRecords() {} }).addInotify()
      const errors = []
      for (const path of ['/', '/usr', '/etc', '/var'])
        try { source.mark(path) } catch ({ code, errno, message }) { errors.push([code, errno, message]) }
      console.log(JSON.stringify(errors))
      process.exit()`,
    )
    const words = expect.stringMatching(
      /^inotify has no watch left for this user \(fs\.inotify\.max_user_watches is \d+\): raise it by sysctl/,
    )
    expect(told).toEqual([
      ['CWS_MARK', 28, words],
      ['CWS_MARK', 28, words],
    ])
  })

  it.skipIf(!possible)('of descriptors: the probe says so', () => {
    expect(probeInotify()).toEqual({ ok: true })
    expect(limited('0=max_inotify_instances', 'console.log(JSON.stringify(probeInotify()))')).toEqual({
      ok: false,
      reason: expect.stringContaining('fs.inotify.max_user_instances'),
    })
  })
})
