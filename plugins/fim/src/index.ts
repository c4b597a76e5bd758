import { definePlugin } from '@cws/core'
import { inInitialPidNamespace, type SharedDrain } from '@cws/native'
import { fanotify, fanotifyFilesystem } from './fanotify.ts'
import type { FileFlavour } from './flavour.ts'
import { inotify } from './inotify.ts'
import { probeOpens } from './opens/probe.ts'
import { OpensSensor } from './opens/sensor.ts'
import { optionsSchema } from './options.ts'
import { namespaceProblem } from './pid-namespace.ts'
import { Problems } from './problems.ts'
import { selfTest } from './self-test.ts'
import { FileSensor } from './sensor.ts'

declare module '@cws/core' {
  interface ServiceMap {
    /** The native thread that processes come through, for sources whose records must stay in order with them. */
    'native-drain': SharedDrain
  }
}

/** What changes in watched folders, who changed it, and who opens the files that rules name. */
export default definePlugin(import.meta, {
  options: optionsSchema,
  setup(ctx) {
    const { options } = ctx
    const sensor = ctx.keep('files', () => new FileSensor(options))
    const problems = new Problems(
      (problem) => ctx.log.warn(problem),
      (text) => ctx.status('degraded', text),
    )
    const feeds = {
      change: ctx.feed('change', sensor.readers),
      lost: ctx.feed('agent.lost_events'),
      problem: (problem: string, asked: boolean) => problems.add(problem, asked),
    }
    const sayWhoIsNamed = (name: string) => {
      const problem = namespaceProblem(name, inInitialPidNamespace())
      if (problem !== undefined) feeds.problem(problem, true)
    }
    const owner = {}
    // Asked when this sensor starts: sensors start in the order in which their plugins are listed.
    const shared = () => ctx.maybe('native-drain')
    const flavour = (one: FileFlavour) => ({
      name: one.name,
      ...(one.lacks ? { lacks: one.lacks } : {}),
      probe: () => one.probe(shared()),
      start: () => {
        sensor.start(owner, feeds, one, shared())
        sayWhoIsNamed(one.name)
      },
      stop: () => sensor.stop(owner),
    })
    ctx.source({
      sensor: 'files',
      feeds: ['change'],
      flavours: [flavour(fanotify), flavour(fanotifyFilesystem), flavour(inotify)],
      pin: options.flavour === 'auto' ? undefined : options.flavour,
      interests: (set) => sensor.want((set.byType.get('change')?.length ?? 0) > 0),
      counts: () => sensor.counts(),
      selfTest: selfTest(sensor),
    })
    const opens = ctx.keep('opens', () => new OpensSensor(options))
    const opensFeeds = { ...feeds, open: ctx.feed('open', opens.readers) }
    ctx.source({
      sensor: 'opens',
      feeds: ['open'],
      flavours: [
        {
          name: 'fanotify',
          probe: () => probeOpens(shared()),
          start: () => {
            opens.start(owner, opensFeeds, shared())
            sayWhoIsNamed('fanotify')
          },
          stop: () => opens.stop(owner),
        },
      ],
      interests: (set) => {
        for (const plugin of opens.want(set.byType.get('open') ?? []))
          ctx.log.warn(`${plugin} asks for opens without naming files: those of files that others name are told, and of the option opens`)
      },
      counts: () => opens.counts(),
      figures: () => opens.figures(),
    })
  },
})

export type { Options } from './options.ts'
