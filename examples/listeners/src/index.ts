import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { definePlugin } from '@cws/core'
import { z } from 'zod'
import { listener } from './event.ts'
import { Watcher } from './watcher.ts'

export { listener } from './event.ts'

/** Feeds `listener`: which TCP sockets began to listen on this host. */
export default definePlugin(import.meta, {
  events: [listener],
  options: z.object({
    interval: z.int().min(100).max(60_000).default(1_000).describe('Milliseconds between two looks at /proc/net/tcp and tcp6'),
  }),
  setup(ctx) {
    const feed = ctx.feed(listener)
    const watcher = new Watcher(['/proc/net/tcp', '/proc/net/tcp6'].filter(existsSync))
    const tests = new Map<string, number>()
    let wanted = false
    let running = false
    let seen = 0
    let timer: NodeJS.Timeout | undefined

    const look = () => {
      for (const { port, address, family, uid, inode } of watcher.scan()) {
        seen++
        feed.emit({ port, address, family, uid, inode })
      }
    }
    // What no rule is about costs nothing: without an interest nobody looks.
    const adjust = () => {
      const on = running && wanted
      if (on === (timer !== undefined)) return
      clearInterval(timer)
      timer = undefined
      watcher.forget()
      if (!on) return
      watcher.scan()
      timer = setInterval(() => {
        try {
          look()
        } catch (error) {
          ctx.status('degraded', `cannot read the sockets: ${(error as Error).message}`)
        }
      }, ctx.options.interval)
    }

    ctx.source({
      sensor: 'listener',
      feeds: ['listener'],
      flavours: [
        {
          name: 'procfs',
          probe: () =>
            existsSync('/proc/net/tcp')
              ? {
                  ok: true,
                  gaps: ['sockets of other network namespaces', 'sockets that listen for less than the interval', 'who opened the socket'],
                }
              : { ok: false, reason: '/proc/net/tcp is not there: is /proc mounted?' },
          start: () => {
            running = true
            adjust()
          },
          stop: () => {
            running = false
            adjust()
          },
        },
      ],
      interests: (set) => {
        wanted = set.byType.has('listener')
        adjust()
      },
      counts: () => ({ listener: { seen, filtered: 0, lost: 0 } }),
      selfTest: {
        on: 'listener',
        trigger: async (nonce) => {
          if (!timer) watcher.scan()
          const server = await listenOnLoopback()
          try {
            tests.set(nonce, (server.address() as { port: number }).port)
            look()
          } finally {
            await new Promise((resolve) => server.close(resolve))
            tests.delete(nonce)
          }
        },
        recognise: (event, nonce) => event.get('listener.port') === tests.get(nonce),
      },
    })
  },
})

function listenOnLoopback(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}
