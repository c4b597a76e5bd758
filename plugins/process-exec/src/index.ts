import { definePlugin, type Flavour } from '@cws/core'
import { clockBoottime, type SharedDrain, statNow, TimedReader } from '@cws/native'
import { imageWithin } from './author.ts'
import { uptimeClock } from './clock.ts'
import { connect } from './connect.ts'
import type { Attach } from './flavours/attachment.ts'
import { attachBpf, probeBpf } from './flavours/bpf.ts'
import { attachProcfs, probeProcfs } from './flavours/procfs.ts'
import { optionsSchema } from './options.ts'
import type { Look, ReadText } from './procfs/read.ts'
import { Running } from './running.ts'
import { Scrubber } from './scrub.ts'
import { selfTest } from './self-test.ts'
import { ProcessSensor } from './sensor.ts'

declare module '@cws/core' {
  interface ServiceMap {
    /** The native thread that processes come through, for sources whose records must stay in order with them. */
    'native-drain': SharedDrain
  }
}

/** For arguments and environment of another process; an honest one takes microseconds. */
const READ_MS = 100

/** Process activity (exec, fork, exit) and the process tree. */
export default definePlugin(import.meta, {
  options: optionsSchema,
  setup(ctx) {
    const { options } = ctx
    const running = ctx.keep('sensor', () => new Running(new ProcessSensor(options, boottimeClock(), timedReading(), looking())))
    const { sensor } = running
    const feeds = connect(ctx, sensor, options.scrub.enabled ? new Scrubber(options.scrub) : undefined)
    ctx.expose('native-drain', {
      get drain() {
        return running.drain
      },
      toWall: (boottime) => sensor.clock.toWall(boottime),
      imageWithin: (pid, since, until) => imageWithin(sensor, pid, since, until),
      onRecord: (type, take) => sensor.onRecord(type, take),
    })
    const owner = {}
    const start = (name: string, attach: Attach, scans: boolean) => running.start(name, owner, feeds, attach, scans)
    const bpf = (name: string, file: string, needs: Parameters<typeof probeBpf>[0]): Flavour => ({
      name,
      probe: () => probeBpf(needs),
      start: () => start(name, (to) => attachBpf(file, to, options), true),
      stop: () => running.stop(owner),
    })
    ctx.source({
      sensor: 'process',
      feeds: ['exec', 'fork', 'exit'],
      flavours: [
        bpf('tp_btf', 'process.bpf.o', ['btf', 'ringBuffer', 'atomics', 'tpBtf']),
        bpf('raw_tp', 'process_raw.bpf.o', ['btf', 'ringBuffer', 'rawTracepoint']),
        {
          name: 'procfs',
          lacks: { exit: ['exit.cause', 'exit.code'] },
          probe: probeProcfs,
          start: () => start('procfs', (to) => attachProcfs(to, options.pollMs), false),
          stop: () => running.stop(owner),
        },
      ],
      pin: options.flavour === 'auto' ? undefined : options.flavour,
      interests: (set) => running.interests(set),
      counts: () => sensor.counts(),
      figures: () => sensor.figures(),
      selfTest: selfTest(() => sensor.origin === 'procfs'),
    })
  },
})

function boottimeClock(): () => bigint {
  try {
    clockBoottime()
    return clockBoottime
  } catch {
    return uptimeClock()
  }
}

/** Without the addon there is only the plain way, which a hostile process can hold up. */
function timedReading(): ReadText | undefined {
  try {
    const reader = new TimedReader(READ_MS)
    return (path, into) => reader.read(path, into)
  } catch {
    return undefined
  }
}

function looking(): Look | undefined {
  try {
    statNow('/proc/self/exe')
    return statNow
  } catch {
    return undefined
  }
}

export type { Options } from './options.ts'
