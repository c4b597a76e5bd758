import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { defineEvent, definePlugin, type Severity, string } from '@cws/core'
import { z } from 'zod'

/** What the agent is asked to find, one line of JSON each. `ms`: evenly over that time. Answered when it is done by a line with `id`. */
export interface Order {
  readonly id: number
  readonly rule: string
  readonly severity: Severity
  readonly mark: string
  readonly count: number
  readonly ms: number
}

/** How often a flood is fed, ms. */
const TICK_MS = 10

const paced = defineEvent('paced', {
  doc: 'Something that happened since it was ordered.',
  fields: {
    rule: string('Id of the rule that it is found by'),
    severity: string('Severity of the finding'),
    mark: string('What tells one conversation from another'),
    at: string('When it happened: nanoseconds of CLOCK_MONOTONIC'),
  },
})

declare module '@cws/core' {
  interface EventMap {
    paced: typeof paced
  }
}

/** Findings at a given pace: source and detector in one. Orders come over a connection to `port`. */
export const pacer = definePlugin(import.meta, {
  name: 'pacer',
  events: [paced],
  options: z.object({ port: z.int().min(1).max(65_535).describe('Port on 127.0.0.1 that orders come from') }),
  setup(ctx) {
    const feed = ctx.feed(paced)
    let seen = 0
    let socket: Socket | undefined
    const find = ({ rule, severity, mark }: Order, times: number): void => {
      for (let i = 0; i < times; i++) {
        seen++
        feed.emit({ rule, severity, mark, at: String(process.hrtime.bigint()) })
      }
    }
    const obey = (order: Order): void => {
      const done = () => socket?.write(`${JSON.stringify({ id: order.id })}\n`)
      if (order.ms === 0) {
        find(order, order.count)
        done()
        return
      }
      const start = performance.now()
      let made = 0
      const timer = setInterval(() => {
        const due = Math.min(order.count, Math.ceil(((performance.now() - start) / order.ms) * order.count))
        find(order, due - made)
        made = due
        if (made < order.count) return
        clearInterval(timer)
        done()
      }, TICK_MS)
    }
    ctx.detect('paced', null, ({ paced: { rule, severity, mark } }) => ({
      rule: String(rule),
      severity: severity as Severity,
      group: { mark },
      message: '{{@paced.mark}} at {{@paced.at}}',
    }))
    ctx.source({
      sensor: 'pacer',
      feeds: ['paced'],
      flavours: [
        {
          name: 'ordered',
          probe: () => ({ ok: true }),
          start: () => {
            socket = connect(ctx.options.port, '127.0.0.1').on('error', () => {})
            createInterface(socket).on('line', (line) => obey(JSON.parse(line) as Order))
          },
          stop: () => void socket?.destroy(),
        },
      ],
      interests: () => {},
      counts: () => ({ paced: { seen, filtered: 0, lost: 0 } }),
    })
  },
})
