import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_MS = 200
const clock = new Int32Array(new SharedArrayBuffer(4))

/** Runs this while no other process of the tests runs what has this lock; blocks until then. A lock whose holder has died is nobody's. */
export function alone<T>(lock: string, work: () => T): T {
  mkdirSync(dirname(lock), { recursive: true })
  while (!taken(lock)) Atomics.wait(clock, 0, 0, LOOK_MS)
  try {
    return work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/** The same for what takes its time. */
export async function aloneFor<T>(lock: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(lock), { recursive: true })
  while (!taken(lock)) await sleep(LOOK_MS)
  try {
    return await work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function taken(lock: string): boolean {
  try {
    mkdirSync(lock)
    writeFileSync(join(lock, 'pid'), `${process.pid}`)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (holderIsDead(lock)) rmSync(lock, { recursive: true, force: true })
    return false
  }
}

function holderIsDead(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(join(lock, 'pid'), 'utf8')) || process.pid, 0)
    return false
  } catch (error) {
    // Without its number yet it has just been taken.
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
