import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { optionsSchema } from '../src/options.ts'
import { cgroupOf, lookPlainly, ProcReader, parseStat } from '../src/procfs/read.ts'
import { listPids } from '../src/procfs/scan.ts'
import { EXEC, FILE_FLAG, FLAG, HEADER } from '../src/record/layout.ts'
import { RecordWriter } from '../src/record/writer.ts'
import { ProcessSensor } from '../src/sensor.ts'

/** Fields 3 to 22 of a stat line. */
const stat = (state = 'S', ppid = 1, tty = 0, flags = 0x400100, start = 12345) =>
  `${state} ${ppid} 20 20 ${tty} -1 ${flags} 0 0 0 0 1 2 3 4 20 0 1 0 ${start} 1000000 200 18446744073709551615 0`
const status =
  'Name:\tx\nUid:\t1000\t0\t1000\t7\nGid:\t100\t0\t100\t8\nNSpid:\t20\t3\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000000400\n'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'cws-proc-'))
})
afterAll(() => rmSync(root, { recursive: true }))

function make(pid: number, files: Record<string, string | Buffer>) {
  mkdirSync(join(root, String(pid)), { recursive: true })
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, String(pid), name), content)
}

const reader = () =>
  new ProcReader(
    () => 999n,
    (name) => name === 'KEPT',
    root,
  )

describe('/proc/PID/stat', () => {
  test('a name may hold anything', () => {
    const parsed = parseStat(Buffer.from(`7 (a) R 1 (\n) b) ${stat('S', 42, 34819)}\n`))
    expect(parsed).toMatchObject({ state: 'S', ppid: 42, tty: (136 << 20) | 3, start: 123_450_000_000n })
    expect(parsed?.comm.toString()).toBe('a) R 1 (\n) b')
  })

  test('what is no such line is refused', () => {
    for (const text of ['', '7', '7 (a', '7 (a) S 1', `7 (a) ${stat().replace('12345', 'x')}`])
      expect(parseStat(Buffer.from(text))).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => parseStat(Buffer.from(bytes))).not.toThrow()
      }),
    )
  })
})

test('the control group that says most', () => {
  const pick = (...lines: string[]) => cgroupOf(Buffer.from(lines.join('\n'))).toString()
  expect(pick('0::/system.slice/a.service')).toBe('/system.slice/a.service')
  expect(pick('4:memory:/docker/x', '0::/')).toBe('/docker/x')
  expect(pick('4:memory:/', '3:cpu,pids:/p', '0::/u')).toBe('/p')
  expect(pick('4:memory:/', '0::/a:b')).toBe('/a:b')
  expect(pick('nonsense')).toBe('/')
})

describe('a process in /proc', () => {
  test('of an own container, seen from a control group namespace within: nobody knows which it is', () => {
    const inside = mkdtempSync(join(tmpdir(), 'cws-proc-inside-'))
    try {
      mkdirSync(join(inside, 'self/ns'), { recursive: true })
      symlinkSync('cgroup:[4026532000]', join(inside, 'self/ns/cgroup'))
      const reader = new ProcReader(
        () => 999n,
        () => false,
        inside,
      )
      for (const [pid, cgroup] of Object.entries({ 20: '0::/', 21: '0::/../../system.slice/a.service', 22: '4:memory:/\n0::/below' })) {
        mkdirSync(join(inside, pid))
        writeFileSync(join(inside, pid, 'stat'), `${pid} (name) ${stat('S', 10)}`)
        writeFileSync(join(inside, pid, 'status'), status)
        writeFileSync(join(inside, pid, 'cgroup'), cgroup)
      }
      const known = [20, 21, 22].map((pid) => {
        const writer = new RecordWriter(65536)
        return (writer.memory.u16[(reader.read(pid, writer) + HEADER.flags) >>> 1] as number) & FLAG.CGROUP_TRUNCATED
      })
      expect(known).toEqual([FLAG.CGROUP_TRUNCATED, 0, FLAG.CGROUP_TRUNCATED])
    } finally {
      rmSync(inside, { recursive: true })
    }
  })

  test('becomes a record', () => {
    make(20, {
      stat: `20 (name) ${stat('S', 10)}`,
      status,
      cmdline: 'prog\0-x\0',
      environ: 'KEPT=1\0SECRET=2\0',
      cgroup: '0::/a',
      loginuid: '1000',
      sessionid: '5',
    })
    symlinkSync('/bin/prog', join(root, '20/exe'))
    const writer = new RecordWriter(65_536)
    const at = reader().read(20, writer)
    const { u8, u32, u64, u16 } = writer.memory
    const number = (field: number) => u32[(at + field) >>> 2]
    const text = (field: number) => {
      const start = at + (u32[(at + field) >>> 2] as number)
      return Buffer.from(u8.subarray(start, start + (u32[((at + field) >>> 2) + 1] as number))).toString()
    }
    expect([number(HEADER.pid), number(EXEC.ppid), number(EXEC.ns_pid)]).toEqual([20, 10, 3])
    expect([EXEC.cred_uid, EXEC.cred_euid, EXEC.cred_fsuid, EXEC.cred_gid, EXEC.cred_fsgid].map(number)).toEqual([1000, 0, 7, 100, 8])
    expect([number(EXEC.cred_auid), number(EXEC.cred_session_id)]).toEqual([1000, 5])
    expect(u64[(at + EXEC.cred_cap_permitted) >>> 3]).toBe(0x1ffffffffffn)
    expect(u64[(at + HEADER.start) >>> 3]).toBe(123_450_000_000n)
    expect([text(EXEC.argv), text(EXEC.envp), text(EXEC.cgroup), text(EXEC.file_path)]).toEqual([
      'prog\0-x\0',
      'KEPT=1\0SECRET\0',
      '/a',
      '/bin/prog',
    ])
    expect((u16[(at + HEADER.flags) >>> 1] as number) & FLAG.PROCFS).toBe(FLAG.PROCFS)
  })

  test('is left out if it is gone, ends, or tells nonsense', () => {
    make(30, { stat: `30 (z) ${stat('Z')}`, status })
    make(31, { stat: 'nonsense', status })
    make(32, { stat: `32 (x) ${stat()}` })
    make(33, { stat: `33 (x) ${stat()}`, status: 'Uid: x' })
    for (const pid of [29, 30, 31, 32, 33]) expect(reader().read(pid, new RecordWriter(65_536))).toBe(-1)
  })

  test('whose program has a name of one that was removed: where that leads is not looked at, for whoever made the folders can hold that up', () => {
    make(50, { stat: `50 (x) ${stat()}`, status })
    const target = join(root, 'kept (deleted)')
    writeFileSync(target, '')
    symlinkSync(target, join(root, '50/exe'))
    const looked: string[] = []
    const look = (path: string) => {
      looked.push(path)
      return lookPlainly(path)
    }
    const writer = new RecordWriter(65_536)
    const at = new ProcReader(
      () => 999n,
      () => false,
      root,
      undefined,
      look,
    ).read(50, writer)
    const flags = writer.memory.u32[(at + EXEC.file_flags) >>> 2] as number
    expect([looked, flags & FILE_FLAG.UNLINKED]).toEqual([[join(root, '50/exe')], FILE_FLAG.UNLINKED])
  })

  test('with more arguments than are kept', () => {
    make(40, { stat: `40 (x) ${stat()}`, status, cmdline: 'a\0'.repeat(100_000), environ: 'A=b\0'.repeat(100_000) })
    const writer = new RecordWriter(128 * 1024)
    const at = reader().read(40, writer)
    expect(at).toBe(0)
    expect((writer.memory.u16[HEADER.flags >>> 1] as number) & (FLAG.ARGV_TRUNCATED | FLAG.ENVP_TRUNCATED)).toBe(
      FLAG.ARGV_TRUNCATED | FLAG.ENVP_TRUNCATED,
    )
  })
})

test('every process of this host is read, below its parents', () => {
  const sensor = new ProcessSensor(optionsSchema.parse({}), () => process.hrtime.bigint())
  for (const pid of listPids()) sensor.load(pid)
  const own = sensor.table.find(process.pid)
  expect(sensor.fields['file.path']?.(own)).toBe(process.execPath)
  expect(sensor.table.nodes.pid[sensor.table.parentOf(own)]).toBe(process.ppid)
})
