import { definePlugin, messageOf, type Probe } from '@cws/core'
import { inInitialPidNamespace, probeFanotify, type SharedDrain } from '@cws/native'
import { optionsSchema } from './options.ts'
import { FileSensor } from './sensor.ts'

declare module '@cws/core' {
  interface ServiceMap {
    /** The native thread that processes come through, for sources whose records must stay in order with them. */
    'native-drain': SharedDrain
  }
}

/** What changes in watched folders, and who changed it. */
export default definePlugin(import.meta, {
  options: optionsSchema,
  setup(ctx) {
    const { options } = ctx
    const sensor = ctx.keep('files', () => new FileSensor(options))
    const problems = new Set<string>()
    const feeds = {
      change: ctx.feed('change', sensor.readers),
      lost: ctx.feed('agent.lost_events'),
      problem: (problem: string) => {
        if (problems.has(problem) || problems.size >= MAX_PROBLEMS) return
        problems.add(problem)
        ctx.log.warn(problem)
        ctx.status('degraded', [...problems].join('; '))
      },
    }
    const owner = {}
    // Asked when this sensor starts: sensors start in the order in which their plugins are listed.
    const shared = () => ctx.maybe('native-drain')
    ctx.source({
      sensor: 'files',
      feeds: ['change'],
      flavours: [
        {
          name: 'fanotify',
          probe: () => probe(shared()),
          start: () => sensor.start(owner, feeds, shared()),
          stop: () => sensor.stop(owner),
        },
      ],
      pin: options.flavour === 'auto' ? undefined : options.flavour,
      interests: (set) => sensor.want((set.byType.get('change')?.length ?? 0) > 0),
      counts: () => sensor.counts(),
    })
  },
})

const MAX_PROBLEMS = 20

function probe(shared: SharedDrain | undefined): Probe {
  try {
    const { ok, reason, authors, target } = probeFanotify()
    if (!ok) return { ok, reason }
    const gaps = [
      'writes by a memory mapping alone',
      'a watched folder that lies behind a symbolic link, or is moved by renaming a folder more than one above it',
      'what is in a folder that was made with content, or moved here, is told without its author',
    ]
    if (!authors) gaps.push('who changed a file, and folders that may not be read (needs CAP_SYS_ADMIN)')
    else if (!inInitialPidNamespace()) gaps.push('who changed a file: this pid namespace is not the host’s')
    else if (!shared?.drain)
      gaps.push('who changed a file is known by chance only: no plugin that is listed before this one watches processes by eBPF')
    if (!target) gaps.push('which old and new name of a rename belong together (needs Linux 5.17)')
    return { ok, gaps }
  } catch (error) {
    return { ok: false, reason: messageOf(error) }
  }
}

export type { Options } from './options.ts'
