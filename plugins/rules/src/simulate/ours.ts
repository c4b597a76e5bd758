import { readlinkSync } from 'node:fs'
import type { Signal } from '@cws/core'
import { MARK } from './place.ts'

/** Whether a signal is about what this process did: it is the process of the event or stands above it, or the event names what it made. */
export function isOurs({ event }: Pick<Signal, 'event'>): boolean {
  const { process: subject } = event as { process?: { pid?: number; ns?: { pidns?: number }; ancestors?: readonly { pid?: number }[] } }
  if (subject?.pid === process.pid || subject?.ancestors?.some(({ pid }) => pid === process.pid)) return true
  // In a pid namespace of its own this process has another number in events.
  return JSON.stringify(event).includes(MARK) || (subject?.ns?.pidns !== undefined && subject.ns.pidns === pidNamespace() && isNested())
}

function pidNamespace(): number | undefined {
  try {
    return Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0])
  } catch {
    return undefined
  }
}

/** The first pid namespace has this inode number (PROC_PID_INIT_INO of include/linux/proc_ns.h). */
const FIRST_PID_NAMESPACE = 0xeffffffc
const isNested = (): boolean => pidNamespace() !== FIRST_PID_NAMESPACE
