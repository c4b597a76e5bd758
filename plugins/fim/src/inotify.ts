import { messageOf, type Probe } from '@cws/core'
import { capGet, probeInotify } from '@cws/native'
import type { FileFlavour } from './flavour.ts'
import { type Gap, gapTexts } from './gaps.ts'

/** A watch on each directory: needs no privilege. */
export const inotify: FileFlavour = {
  name: 'inotify',
  lacks: { change: ['process.*'] },
  probe(): Probe {
    try {
      const probed = probeInotify()
      if (!probed.ok) return probed
      const gaps: Gap[] = ['authors', 'mapping', 'links', 'replaced']
      const { effective } = capGet()
      if (!effective.includes('CAP_DAC_OVERRIDE') && !effective.includes('CAP_DAC_READ_SEARCH')) gaps.push('unreadable')
      return { ok: true, gaps: gapTexts(gaps) }
    } catch (error) {
      return { ok: false, reason: messageOf(error) }
    }
  },
  open: (drain, options) => drain.addInotify(options),
}
