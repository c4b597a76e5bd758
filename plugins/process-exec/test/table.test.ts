import { describe, expect, test } from 'vitest'
import { FLAG } from '../src/record/layout.ts'
import { ProcessTable } from '../src/table/process-table.ts'
import { Records, startOf } from './records.ts'

const MIB = 1024 * 1024

function setUp(bytes = 8 * MIB) {
  const table = new ProcessTable(bytes)
  const records = new Records()
  const { memory } = records
  const path = (node: number) => {
    const row = table.nodes.row[node] as number
    return row === 0 ? undefined : table.strings.text(table.rows.textId(row, 224))
  }
  return {
    table,
    records,
    path,
    exec: (...args: Parameters<Records['exec']>) => table.exec(memory, records.exec(...args)),
    fork: (...args: Parameters<Records['fork']>) => table.fork(memory, records.fork(...args)),
    exit: (pid: number, nowMs = 0, more: Parameters<Records['exit']>[1] = {}) => table.exit(memory, records.exit(pid, more), nowMs),
    snapshot: (...args: Parameters<Records['exec']>) => table.snapshot(memory, records.exec(...args)),
    lineage: (node: number) => {
      const chain: string[] = []
      for (let at = table.nodes.up[node] as number; at !== 0; at = table.nodes.up[at] as number)
        chain.push(`${table.nodes.pid[at]} ${path(at)}`)
      return chain
    },
  }
}

describe('the process table', () => {
  test('lets nobody stand above himself', () => {
    const { exec, fork, table, lineage } = setUp()
    exec(10, '/bin/a')
    fork(20, 10)
    fork(10, 10)
    fork(10, 20)
    expect(lineage(table.find(20))).toEqual(['10 /bin/a'])
    expect(table.parentOf(table.find(10))).toBe(0)
  })

  test('follows fork and exec', () => {
    const { exec, fork, lineage, path, table } = setUp()
    exec(10, '/sbin/init')
    fork(20, 10)
    expect(path(table.find(20))).toBe('/sbin/init')
    exec(20, '/bin/bash')
    fork(30, 20)
    const ls = exec(30, '/bin/ls')
    expect(lineage(ls)).toEqual(['20 /bin/bash', '10 /sbin/init'])
  })

  test('keeps executed images of the same process among the ancestors, forked copies not', () => {
    const { exec, fork, lineage, table } = setUp()
    exec(10, '/bin/bash')
    fork(20, 10)
    exec(20, '/usr/bin/env')
    const last = exec(20, '/usr/bin/python3')
    expect(lineage(last)).toEqual(['20 /usr/bin/env', '10 /bin/bash'])
    expect(table.parentOf(last)).toBe(table.find(10))
  })

  test('a parent that executes something else later is still what it was when it forked', () => {
    const { exec, fork, lineage, table } = setUp()
    exec(10, '/bin/sh')
    fork(20, 10)
    exec(10, '/bin/sleep')
    expect(lineage(table.find(20))).toEqual(['10 /bin/sh'])
  })

  test('lineage survives a double fork', () => {
    const { exec, fork, exit, lineage } = setUp()
    exec(10, '/usr/sbin/nginx')
    fork(20, 10)
    fork(30, 20)
    exit(20)
    const shell = exec(30, '/bin/sh', { ppid: 1 })
    expect(lineage(shell)).toEqual(['20 /usr/sbin/nginx', '10 /usr/sbin/nginx'])
  })

  test('ancestors outlive their grace period while descendants need them', () => {
    const { exec, fork, exit, lineage, table } = setUp()
    exec(10, '/usr/sbin/cron')
    fork(20, 10)
    exec(20, '/bin/dash')
    fork(30, 20)
    exit(20)
    exit(10)
    table.sweep(60_000)
    expect(table.find(20)).toBe(0)
    expect(lineage(table.find(30))).toEqual(['20 /bin/dash', '10 /usr/sbin/cron'])
    exit(30)
    table.sweep(120_000)
    expect(table.counts()).toMatchObject({ processes: 0, images: 0 })
    expect(table.strings.count).toBe(0)
  })

  test('a reused pid is another process', () => {
    const { exec, fork, table, path, exit } = setUp()
    exec(10, '/bin/old')
    fork(20, 10)
    const released: number[] = []
    table.onRelease((serial) => released.push(serial))
    const before = table.nodes.serial[table.find(20)] as number
    fork(20, 10, { start: startOf(20) + 7_000_000_000n })
    exec(20, '/bin/new', { start: startOf(20) + 7_000_000_000n })
    expect(table.nodes.serial[table.find(20)]).not.toBe(before)
    expect(exit(20)).toBe(0)
    expect(path(table.find(20))).toBe('/bin/new')
    table.sweep(60_000)
    expect(released).toEqual([before])
    expect(path(table.find(20))).toBe('/bin/new')
  })

  test('an exit of an earlier process with that pid changes nothing', () => {
    const { exec, exit, table } = setUp()
    exec(10, '/bin/new', { start: startOf(10) + 9_000_000_000n })
    expect(exit(10)).toBe(0)
    expect(table.find(10)).not.toBe(0)
  })

  test('knows the image at a time, never a later one', () => {
    const { exec, fork, records, table, path } = setUp()
    exec(10, '/bin/sh')
    const early = records.tick()
    fork(20, 10)
    const asCopy = records.tick()
    exec(20, '/bin/sleep')
    const late = records.tick()
    expect(path(table.imageAt(20, asCopy))).toBe('/bin/sh')
    expect(path(table.imageAt(20, late))).toBe('/bin/sleep')
    expect(table.imageAt(20, early)).toBe(0)
  })

  test('an exec whose fork was missed finds its parent', () => {
    const { exec, lineage } = setUp()
    exec(10, '/bin/bash')
    expect(lineage(exec(20, '/bin/ls', { ppid: 10, parent_start: startOf(10) }))).toEqual(['10 /bin/bash'])
    expect(lineage(exec(30, '/bin/ls', { ppid: 10, parent_start: startOf(11) }))).toEqual([])
  })

  test('marks a lineage that is not known to its root', () => {
    const { exec, table } = setUp()
    expect(table.isCut(exec(20, '/bin/ls', { ppid: 10, parent_start: startOf(10) }))).toBe(true)
    expect(table.isCut(exec(1, '/sbin/init', { ppid: 0 }))).toBe(false)
  })
})

describe('processes that ran before', () => {
  const tick = (start: bigint) => (start / 10_000_000n) * 10_000_000n
  const known = { start: tick(startOf(20)), flags: FLAG.PROCFS, parent_start: 0n }

  test('merge with events that were on their way', () => {
    const { snapshot, exec, fork, records, table, lineage, path } = setUp()
    snapshot(10, '/bin/bash', { start: tick(startOf(10)), flags: FLAG.PROCFS })
    // The exec happened before /proc was read, its record comes after.
    const execRecord = records.exec(20, '/bin/curl', { ppid: 10 })
    snapshot(20, '/bin/curl', { ...known, ppid: 10 })
    const node = table.exec(records.memory, execRecord)
    expect(lineage(node)).toEqual(['10 /bin/bash'])
    expect(table.counts().processes).toBe(2)
    // and one that comes later is another image
    expect(lineage(exec(20, '/bin/ls'))).toEqual(['20 /bin/curl', '10 /bin/bash'])
    expect(path(fork(30, 20))).toBe('/bin/ls')
  })

  test('take the exact start from the first event', () => {
    const { snapshot, exit, table } = setUp()
    snapshot(20, '/bin/sleep', { ...known, ppid: 0 })
    expect(exit(20)).toBe(table.find(20))
  })

  test('do not replace what events told', () => {
    const { exec, fork, snapshot, table, path } = setUp()
    exec(10, '/bin/bash')
    fork(20, 10)
    exec(20, '/bin/ls')
    expect(snapshot(20, '/bin/ls', { ...known, ppid: 10 })).toBe(table.find(20))
    expect(path(snapshot(20, '/bin/other', { ...known, ppid: 10 }))).toBe('/bin/ls')
  })

  test('parents are loaded when they are asked for', () => {
    const { snapshot, exec, lineage, table } = setUp()
    table.loader = (pid) => {
      if (pid === 10) snapshot(10, '/bin/bash', { start: tick(startOf(10)), flags: FLAG.PROCFS, ppid: 5 })
      if (pid === 5) snapshot(5, '/sbin/init', { start: tick(startOf(5)), flags: FLAG.PROCFS })
    }
    expect(lineage(exec(20, '/bin/ls', { ppid: 10, parent_start: startOf(10) }))).toEqual(['10 /bin/bash', '5 /sbin/init'])
  })
})

describe('bounds', () => {
  test('a process that executes without end', () => {
    const { table, exec, lineage, records } = setUp()
    for (let i = 0; i < 2000; i++) {
      records.writer.clear()
      exec(10, `/bin/loop${i}`)
    }
    expect(lineage(table.find(10)).length).toBeLessThanOrEqual(16)
    expect(table.counts().images).toBeLessThanOrEqual(18)
  })

  test('a process that walks away by forking without end keeps its near ancestors and those that live', () => {
    const { table, exec, fork, exit, lineage, records } = setUp()
    exec(1, '/sbin/init')
    exec(2, '/bin/bash', { ppid: 1, parent_start: startOf(1) })
    for (let pid = 3; pid < 3000; pid++) {
      records.writer.clear()
      fork(pid, pid - 1)
      exec(pid, `/bin/w${pid}`)
      if (pid > 3) exit(pid - 1, pid)
      table.sweep(pid + 6000)
    }
    const chain = lineage(table.find(2999))
    expect(chain.length).toBeGreaterThanOrEqual(64)
    expect(chain.length).toBeLessThanOrEqual(160)
    expect(chain[0]).toBe('2998 /bin/w2998')
    expect(chain.slice(-2)).toEqual(['2 /bin/bash', '1 /sbin/init'])
    expect(table.nodes.count).toBeLessThan(600)
  })

  test('more processes than there is room for', () => {
    const { table, exec, fork, exit, records } = setUp(2 * MIB)
    exec(1, '/sbin/init')
    for (let pid = 2; pid < 30_000; pid++) {
      records.writer.clear()
      fork(pid, 1)
      exec(pid, `/opt/program-${pid}`, { argv: [`/opt/program-${pid}`, 'x'.repeat(200)] })
      if (pid % 3 === 0) exit(pid, pid)
    }
    const counts = table.counts()
    expect(counts.bytes).toBeLessThanOrEqual(3 * MIB)
    expect(counts.evictedExited).toBeGreaterThan(0)
    expect(counts.evictedRunning).toBeGreaterThan(0)
    expect(table.find(29_999)).not.toBe(0)
    expect(table.find(1)).not.toBe(0)
  })
})
