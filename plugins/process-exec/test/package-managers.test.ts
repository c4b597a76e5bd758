import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { optionsSchema } from '../src/options.ts'
import { HeldLocks, lockAt, parseLocks } from '../src/packages/held-locks.ts'
import { managers } from '../src/packages/managers.ts'
import { PackageManagers } from '../src/packages/package-managers.ts'
import { ProcessSensor } from '../src/sensor.ts'
import { Records } from './records.ts'

const MOUNTS = 4026531841

test('an open file tells of the write locks that are held through it', () => {
  const text = [
    'pos:\t0',
    'flags:\t0100002',
    'mnt_id:\t31',
    'ino:\t2883',
    'lock:\t1: POSIX  ADVISORY  WRITE 812 fe:00:2883 0 EOF',
    'lock:\t2: FLOCK  ADVISORY  WRITE 812 00:1a:7 0 EOF',
    'lock:\t3: POSIX  ADVISORY  READ  812 fe:00:2884 1 1',
    'lock:\t4: LEASE  ACTIVE    WRITE 812 fe:00:2885 0 EOF',
    '',
  ]
  expect(parseLocks(text.join('\n'))).toEqual(['31:2883', '31:7'])
  expect(parseLocks(text.join('\n').replace('0100002', '0100000'))).toEqual([])
  fc.assert(fc.property(fc.string(), (noise) => Array.isArray(parseLocks(noise))))
})

describe('the package manager that a process works for', () => {
  let root: string
  let records: Records
  let sensor: ProcessSensor
  let held: [pid: number, file: string][]
  let clock: number
  const at = (path: string) => join(root, path)

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'cws-packages-'))
    for (const path of managers.flatMap((manager) => manager.locks ?? [])) {
      mkdirSync(dirname(at(path)), { recursive: true })
      writeFileSync(at(path), '')
    }
    records = new Records()
    sensor = new ProcessSensor(optionsSchema.parse({}), () => 2_000_000_000_000n)
    sensor.table.loader = undefined
    held = []
    clock = 0
    run(1, 0, '/usr/lib/systemd/systemd')
    run(20, 1, '/usr/bin/bash')
  })
  afterEach(() => rmSync(root, { recursive: true }))

  /** What a process with this pid executes, or forks to do. */
  function run(pid: number, ppid: number, path: string, more: Parameters<Records['exec']>[2] = {}): void {
    records.fork(pid, ppid)
    records.exec(pid, path, { namespace_mnt: MOUNTS, file_uid: 0, ...more })
    sensor.consume(records.memory, 0, records.writer.end)
    records.writer.clear()
  }

  function packages(mounts: number | undefined = MOUNTS): PackageManagers {
    const locks = new HeldLocks(root)
    const isHeld: HeldLocks['isHeld'] = (manager, pids) =>
      manager.exists
        ? locks.isHeld(manager, pids)
        : manager.locks && pids.some((pid) => held.some(([holder, file]) => holder === pid && manager.locks?.includes(file)))
    return new PackageManagers(sensor.table, sensor.fields, { isHeld } as HeldLocks, mounts, () => clock)
  }

  const of = (pid: number, known = packages()) => known.of(sensor.table.find(pid))

  const installing = (more: Parameters<Records['exec']>[2] = {}) => {
    held = [[30, '/var/lib/dpkg/lock-frontend']]
    run(30, 20, '/usr/bin/apt-get')
    run(31, 30, '/usr/bin/dpkg', more)
    run(32, 31, '/var/lib/dpkg/info/x.postinst')
    run(33, 32, '/usr/sbin/useradd')
  }

  test('is known below the one that holds its lock', () => {
    installing()
    expect([20, 30, 31, 32, 33].map((pid) => of(pid))).toEqual(['', 'dpkg', 'dpkg', 'dpkg', 'dpkg'])
  })

  test('is not one that holds no lock, whoever else holds it', () => {
    held = [[99, '/var/lib/dpkg/lock-frontend']]
    run(30, 20, '/usr/bin/dpkg', { argv: ['dpkg', '-l'] })
    run(31, 30, '/usr/bin/less')
    run(32, 31, '/usr/bin/bash')
    expect(of(32)).toBe('')
  })

  test.each(['LD_PRELOAD=/tmp/x.so', 'NODE_OPTIONS', 'LD_AUDIT=x', 'OPENSSL_CONF=/tmp/x', 'GCONV_PATH=/tmp', 'PYTHONHOME=/tmp'])(
    'is not one that was started with code of others in it: %s',
    (variable) => {
      run(30, 20, '/usr/lib/snapd/snapd', { envp: ['PATH=/usr/bin'] })
      run(31, 20, '/usr/lib/snapd/snapd', { envp: ['PATH=/usr/bin', variable] })
      expect([30, 31].map((pid) => of(pid))).toEqual(['snap', ''])
    },
  )

  test('is still known when its lock is gone before its last change was read', () => {
    installing()
    const known = packages()
    expect(of(33, known)).toBe('dpkg')
    held = []
    clock = 10_000
    expect(of(33, known)).toBe('dpkg')
  })

  test('is at work from when it takes its lock', () => {
    installing()
    const taken = held
    held = []
    const known = packages()
    expect(of(33, known)).toBe('')
    held = taken
    clock = 9
    expect(of(33, known)).toBe('')
    clock = 10
    expect(of(33, known)).toBe('dpkg')
  })

  test.each([
    ['by another path', '/tmp/dpkg', {}],
    ['by its name alone', '/usr/local/bin/dpkg', {}],
    ['of another owner', '/usr/bin/dpkg', { file_uid: 1000 }],
    ['that others may write', '/usr/bin/dpkg', { file_mode: 0o100777 }],
    ['among other mounts', '/usr/bin/dpkg', { namespace_mnt: 4026532999 }],
    ['among mounts that nobody knows', '/usr/bin/dpkg', { namespace_mnt: 0 }],
  ])('is not believed %s', (_, path, more) => {
    held = [[40, '/var/lib/dpkg/lock']]
    run(40, 20, path, more)
    run(41, 40, '/usr/bin/cp')
    expect([of(40), of(41)]).toEqual(['', ''])
  })

  test('is not believed where the mounts of the host are not known', () => {
    installing()
    expect(of(31, packages(0))).toBe('')
    expect(packages().of(-1)).not.toBe('')
  })

  test('npm is at work itself, what it runs of packages is anybody’s', () => {
    run(50, 20, '/usr/bin/node', { argv: ['node', '/usr/bin/npm', 'install', '-g', 'x'] })
    run(51, 50, '/usr/bin/dash', { argv: ['sh', '-c', 'node install.js'] })
    run(52, 20, '/usr/bin/node', { argv: ['node', '/tmp/npm'] })
    run(53, 20, '/usr/bin/node', { argv: ['node', '-r', '/tmp/x.js', '/usr/bin/npm'] })
    expect([50, 51, 52, 53].map((pid) => of(pid))).toEqual(['npm', '', '', ''])
  })

  test('pacman is at work while its file is there', () => {
    run(60, 20, '/usr/bin/pacman')
    expect(of(60)).toBe('pacman')
    rmSync(at('/var/lib/pacman/db.lck'))
    expect(of(60)).toBe('')
  })

  describe('a lock', () => {
    const dpkg = managers[0] as (typeof managers)[0]

    /** Whether process 30 is believed to hold it through a file that is open so. */
    function isHeld(flags: string, lock: string | undefined, type = 'POSIX ', name = at('/var/lib/dpkg/lock')): boolean | undefined {
      const [mount, inode] = String(lock).split(':')
      for (const folder of ['fd', 'fdinfo']) mkdirSync(at(`/proc/30/${folder}`), { recursive: true })
      symlinkSync(name, at('/proc/30/fd/3'))
      writeFileSync(
        at('/proc/30/fdinfo/3'),
        `pos:\t0\nflags:\t${flags}\nmnt_id:\t${mount}\nlock:\t1: ${type} ADVISORY  WRITE 30 fe:00:${inode} 0 EOF\n`,
      )
      return new HeldLocks(root, at('/proc')).isHeld(dpkg, [29, 30])
    }

    test('is found by mount and inode of the host’s file', () => {
      expect(isHeld('0100002', lockAt(at('/var/lib/dpkg/lock'))?.lock)).toBe(true)
      expect(new HeldLocks(root, at('/proc')).isHeld(dpkg, [29])).toBe(false)
    })

    test('that nobody ever took is held by nobody: a package manager makes the file before it changes another', () => {
      expect(new HeldLocks(join(root, 'nowhere'), at('/proc')).isHeld(dpkg, [30])).toBe(false)
    })

    test('at whose place a link leads nowhere is held by nobody', () => {
      for (const path of dpkg.locks ?? []) {
        rmSync(at(path))
        symlinkSync(at(path), at(path))
      }
      expect(new HeldLocks(root, at('/proc')).isHeld(dpkg, [29])).toBe(false)
    })

    test.runIf(process.getuid?.() !== 0)('whose file may not be looked at says nothing', () => {
      chmodSync(at('/var/lib/dpkg'), 0)
      try {
        expect(new HeldLocks(root, at('/proc')).isHeld(dpkg, [30])).toBe(undefined)
      } finally {
        chmodSync(at('/var/lib/dpkg'), 0o755)
      }
    })

    test('is not that of a file with the same number on another mount, where anybody can have one', () => {
      const [mount, inode] = String(lockAt(at('/var/lib/dpkg/lock'))?.lock).split(':')
      expect(isHeld('0100002', `${Number(mount) + 1}:${inode}`)).toBe(false)
    })

    test('is not that of who may only read the file', () => {
      expect(isHeld('0100000', lockAt(at('/var/lib/dpkg/lock'))?.lock, 'FLOCK ')).toBe(false)
    })

    test('is read of the file of that name alone: of an epoll with a million files the kernel has a million lines', () => {
      const lock = lockAt(at('/var/lib/dpkg/lock'))?.lock
      expect(isHeld('0100002', lock, 'POSIX ', 'anon_inode:[eventpoll]')).toBe(false)
    })

    test('is looked for among a bounded number of open files', () => {
      for (let fd = 100; fd < 300; fd++) {
        for (const folder of ['fd', 'fdinfo']) mkdirSync(at(`/proc/30/${folder}`), { recursive: true })
        symlinkSync(at('/var/lib/dpkg/lock'), at(`/proc/30/fd/${fd}`))
        writeFileSync(at(`/proc/30/fdinfo/${fd}`), '')
      }
      expect(isHeld('0100002', '1:1')).toBe(false)
    })
  })
})
