import { messageOf, type Probe } from '@cws/core'
import { inInitialPidNamespace, probeFanotify, type SharedDrain } from '@cws/native'
import { OPENS_GAPS, type OpensGap } from './gaps.ts'

/** Whether fanotify can be used here to see opens, and what it misses. */
export function probeOpens(shared: SharedDrain | undefined): Probe {
  try {
    const { ok, reason, authors, target } = probeFanotify()
    if (!ok) return { ok, reason }
    if (!authors) return { ok: false, reason: 'fanotify tells who opened a file to root alone (needs CAP_SYS_ADMIN)' }
    if (!target) return { ok: false, reason: 'this kernel’s fanotify does not name the file itself (Linux 5.17 does)' }
    const gaps: OpensGap[] = ['flags', 'replaced', 'again', 'links']
    if (!inInitialPidNamespace()) gaps.push('namespace')
    else if (!shared?.drain) gaps.push('chance')
    return { ok, gaps: gaps.map((gap) => OPENS_GAPS[gap]) }
  } catch (error) {
    return { ok: false, reason: messageOf(error) }
  }
}
