import { messageOf, type Probe } from '@cws/core'
import { inInitialPidNamespace, probeFanotify, type SharedDrain } from '@cws/native'
import { type Gap, gapTexts } from './gaps.ts'

/** Whether fanotify can be used here, and what it misses. */
export function probe(shared: SharedDrain | undefined): Probe {
  try {
    const { ok, reason, authors, target } = probeFanotify()
    if (!ok) return { ok, reason }
    const gaps: Gap[] = ['mapping', 'links', 'found']
    if (!authors) gaps.push('authors')
    else if (!inInitialPidNamespace()) gaps.push('namespace')
    else if (!shared?.drain) gaps.push('chance')
    if (!target) gaps.push('pairs')
    return { ok, gaps: gapTexts(gaps) }
  } catch (error) {
    return { ok: false, reason: messageOf(error) }
  }
}
