import { messageOf, type Probe } from '@cws/core'
import { inInitialPidNamespace, probeFanotify, type SharedDrain } from '@cws/native'
import type { FileFlavour } from './flavour.ts'
import { type Gap, gapTexts } from './gaps.ts'

const NO_AUTHORS = 'fanotify tells who changed a file, and where a folder was moved, to root alone (needs CAP_SYS_ADMIN)'

function probe(shared: SharedDrain | undefined, own: readonly Gap[]): Probe {
  try {
    const { ok, reason, authors, target } = probeFanotify()
    if (!ok) return { ok, reason }
    if (!authors) return { ok: false, reason: NO_AUTHORS }
    const gaps: Gap[] = ['mapping', 'links', 'found', ...own]
    if (!inInitialPidNamespace()) gaps.push('namespace')
    else if (!shared?.drain) gaps.push('chance')
    if (!target) gaps.push('pairs')
    return { ok, gaps: gapTexts(gaps) }
  } catch (error) {
    return { ok: false, reason: messageOf(error) }
  }
}

/** Marks on directories: who made a change is known, and a folder is found wherever it is moved. Files of other folders cost nothing. */
export const fanotify: FileFlavour = {
  name: 'fanotify',
  yields: true,
  probe: (shared) => probe(shared, []),
  open: (drain, options) => drain.addFanotify(options),
}

/** Marks on file systems: needs no memory for a folder, however many there are. Every change on them is looked at, and costs a little. */
export const fanotifyFilesystem: FileFlavour = {
  name: 'fanotify-filesystem',
  whole: true,
  probe: (shared) => probe(shared, ['gone']),
  open: (drain, options) => drain.addFanotify({ ...options, whole: true }),
}
