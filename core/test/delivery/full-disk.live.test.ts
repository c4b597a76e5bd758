import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import type { DeliveryCounters } from '../../src/delivery/protocol.ts'
import { signalOf, temporaryFolder, until } from '../fixtures/delivery.ts'
import { DeliveryProcess, destination, optionsIn } from '../fixtures/delivery-harness.ts'
import { file } from '../fixtures/notifiers.ts'

/** A disk of 4 MiB. */
function smallDisk(folder: string): { readonly path: string } & Disposable {
  const path = join(folder, 'disk')
  mkdirSync(path)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'tmpfs', path])
  return { path, [Symbol.dispose]: () => void execFileSync('umount', ['-l', path]) }
}

/** Leaves this many bytes free. */
function fill(path: string, free: number): void {
  const { bavail, bsize } = statfsSync(path)
  writeFileSync(join(path, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - free)))
}

const keysIn = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).key)

const LARGE = 'x'.repeat(20_000)

it('goes on while the disk is full, says so once, and stores all of it when there is room [case 14]', async () => {
  using folder = temporaryFolder()
  using disk = smallDisk(folder.path)
  const out = join(folder.path, 'out')
  await using process = new DeliveryProcess(
    optionsIn(folder.path, { stateDir: join(disk.path, 'state'), destinations: [destination(file({ path: out }))] }),
  )
  await process.hears('started')
  const counters = async (): Promise<DeliveryCounters> => {
    process.tell({ counters: true })
    return await process.hears<DeliveryCounters>('counters')
  }
  const sent: string[] = []
  const send = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const signal = signalOf({ message: LARGE, severity: i % 3 ? 'high' : 'critical' })
      sent.push(signal.id)
      process.tell({ signal })
    }
  }
  send(5)
  await until(async () => (await counters()).stored === 5, 'five stored')
  fill(disk.path, 100_000)
  send(50)
  await until(() => process.lines.length === 55, 'all lines')
  await until(async () => (await counters()).destinations['file']?.delivered === 55, 'all deliveries')
  expect((await counters()).storeError).toMatch(/full/)
  expect(process.logs.filter((line) => /store cannot be written/.test(line))).toHaveLength(1)
  rmSync(join(disk.path, 'ballast'))
  await until(async () => (await counters()).storeError === undefined, 'the store to recover', 30_000)
  process.tell({ stop: 5_000 })
  expect(await process.hears('stopped')).toEqual({ pending: 0 })
  await process.exited
  expect(new Set(keysIn(out))).toEqual(new Set(sent.map((id) => `${id}:1:file`)))
  const database = new DatabaseSync(join(disk.path, 'state', 'signals.db'), { readOnly: true })
  expect(database.prepare('SELECT count(*) AS n FROM signals').get()).toEqual({ n: sent.length })
  expect(database.prepare('SELECT count(*) AS n FROM outbox').get()).toEqual({ n: 0 })
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  database.close()
})

it('starts on a full disk, and stores when there is room', async () => {
  using folder = temporaryFolder()
  using disk = smallDisk(folder.path)
  const stateDir = join(disk.path, 'state')
  mkdirSync(stateDir, { mode: 0o700 })
  fill(disk.path, 0)
  await using process = new DeliveryProcess(optionsIn(folder.path, { stateDir }))
  await process.hears('started')
  process.tell({ signal: signalOf() })
  process.tell({ state: ['fim', 'a', '1'] })
  await until(() => process.lines.length === 1, 'the line')
  rmSync(join(disk.path, 'ballast'))
  await until(
    async () => {
      process.tell({ counters: true })
      const { storeError, stored } = await process.hears<DeliveryCounters>('counters')
      return storeError === undefined && stored === 1
    },
    'the store to recover',
    30_000,
  )
  process.tell({ stop: 5_000 })
  await process.exited
  await using again = new DeliveryProcess(optionsIn(folder.path, { stateDir }))
  expect(await again.hears('started')).toEqual({ fim: { a: '1' } })
})
