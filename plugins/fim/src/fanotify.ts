import { messageOf, type Probe } from '@cws/core'
import { inInitialPidNamespace, probeFanotify } from '@cws/native'
import type { FileFlavour } from './flavour.ts'
import { type Gap, gapTexts } from './gaps.ts'

const NO_AUTHORS = 'fanotify tells who changed a file, and where a folder was moved, to root alone (needs CAP_SYS_ADMIN)'

/** Marks on directories: who made a change is known, and a folder is found wherever it is moved. */
export const fanotify: FileFlavour = {
  name: 'fanotify',
  probe(shared): Probe {
    try {
      const { ok, reason, authors, target } = probeFanotify()
      if (!ok) return { ok, reason }
      if (!authors) return { ok: false, reason: NO_AUTHORS }
      const gaps: Gap[] = ['mapping', 'links', 'found']
      if (!inInitialPidNamespace()) gaps.push('namespace')
      else if (!shared?.drain) gaps.push('chance')
      if (!target) gaps.push('pairs')
      return { ok, gaps: gapTexts(gaps) }
    } catch (error) {
      return { ok: false, reason: messageOf(error) }
    }
  },
  open: (drain, options) => drain.addFanotify(options),
}
