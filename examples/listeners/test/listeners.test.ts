import { createServer, type Server } from 'node:net'
import { definePlugin, UNKNOWN } from '@cws/core'
import { PluginTester, TestPipeline } from '@cws/core/testing'
import { describe, expect, it } from 'vitest'
import listeners from '../src/index.ts'

new PluginTester({ describe, it }).run(listeners, { valid: [{ interval: 500 }, {}], invalid: [{ interval: 1 }, { interval: '1s' }] })

const shells = definePlugin(import.meta, {
  setup(ctx) {
    ctx.detect('listener', { 'listener.address': ['0.0.0.0', '127.0.0.1', '::'], 'listener.port': { gte: 1024 } }, (event) => ({
      rule: 'new-listener',
      severity: 'medium',
      title: `port ${event.listener.port}`,
    }))
  },
})

const listen = () =>
  new Promise<Server>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
  })
const portOf = (server: Server) => (server.address() as { port: number }).port

describe('listeners', () => {
  it('feeds an event for a socket that begins to listen, once, and none for what listened before', async () => {
    const before = await listen()
    await using pipeline = await TestPipeline.of([listeners({ interval: 100 }), shells({ name: 'shells' })])
    await pipeline.start()
    const server = await listen()
    try {
      await expect.poll(() => pipeline.findings.map(({ title }) => title)).toContain(`port ${portOf(server)}`)
      const { event } = pipeline.findings.find(({ title }) => title === `port ${portOf(server)}`)!
      expect(event.get('listener.uid')).toBe(process.getuid?.())
      expect(event.get('listener.family')).toBe(2)
      expect(event.get('process.pid')).toBe(UNKNOWN)
      const second = await listen()
      await expect.poll(() => pipeline.findings.map(({ title }) => title)).toContain(`port ${portOf(second)}`)
      second.close()
      expect(pipeline.findings.filter(({ title }) => title === `port ${portOf(server)}`)).toHaveLength(1)
      expect(pipeline.findings.map(({ title }) => title)).not.toContain(`port ${portOf(before)}`)
    } finally {
      server.close()
      before.close()
    }
    expect(pipeline.faults).toEqual([])
  })

  it('proves that it sees, without a finding to show', async () => {
    await using pipeline = await TestPipeline.of([listeners({ interval: 60_000 }), shells({ name: 'shells' })])
    await pipeline.start()
    expect(pipeline.runtime.sensors[0]?.report()).toMatchObject({ running: 'procfs', selfTest: 'alive' })
    expect(pipeline.findings).toEqual([])
  })

  it('does not look while nobody asks', async () => {
    await using pipeline = await TestPipeline.of([listeners({ interval: 100 })])
    const before = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
    await pipeline.start()
    expect(process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout')).toHaveLength(before)
  })

  it('can be put into rules by hand, for tests of rules', async () => {
    await using pipeline = await TestPipeline.of([listeners(), shells({ name: 'shells' })])
    pipeline.emit('listener', { port: 4444, address: '0.0.0.0' })
    expect(pipeline.signals).toMatchObject([{ rule: { id: 'new-listener' }, event: { listener: { port: 4444 } } }])
    expect(() => pipeline.emit('listener', { prot: 1 })).toThrow('did you mean listener.port?')
  })
})
