import { mkdtempSync, openSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineEvent } from '../src/model/define-event.ts'
import { int } from '../src/model/field.ts'
import { defineNotifier, definePlugin } from '../src/plugin/define.ts'
import { type PluginCases, PluginTester } from '../src/testing/plugin-tester.ts'

const meta = { url: import.meta.url }

/** Runs the tester on a plugin and tells which of its tests fail, and how. */
async function failures(factory: Parameters<PluginTester['run']>[0], cases: PluginCases = { valid: [{ name: 'it' }] }, only = /./) {
  const tests: { name: string; body: () => void | Promise<void> }[] = []
  new PluginTester({ describe: (_, body) => body(), it: (name, body) => tests.push({ name, body }) }).run(factory, cases)
  const failed: Record<string, string> = {}
  for (const { name, body } of tests.filter((test) => only.test(test.name))) {
    try {
      await body()
    } catch (error) {
      failed[name] = (error as Error).message
    }
  }
  return failed
}

const delivering = { deliver: async () => ({ result: 'delivered' }) as const }
const cleanups: (() => void)[] = []
afterAll(() => {
  for (const clean of cleanups) clean()
})

describe('PluginTester', () => {
  it('has nothing against plugins that behave', async () => {
    const plugin = definePlugin(meta, {
      options: z.object({ every: z.int().default(10).describe('Milliseconds') }),
      setup(ctx) {
        const timer = setInterval(() => {}, ctx.options.every)
        const server = createServer().listen(0, '127.0.0.1')
        ctx.onStop(() => clearInterval(timer))
        ctx.onStop(() => new Promise((resolve) => server.close(() => resolve())))
        ctx.detect('exec', null, (event) => {
          if (event.exec.args === 'evil') return { rule: 'evil', severity: 'high' }
        })
      },
    })
    expect(await failures(plugin, { valid: [{ name: 'it' }], invalid: [{ every: 'day' }] })).toEqual({})
    expect(await failures(defineNotifier(meta, { setup: () => delivering }))).toEqual({})
  })

  it('finds options without words, and cases that the schema does not agree with', async () => {
    const plugin = definePlugin(meta, { options: z.object({ limit: z.int().default(1) }), setup() {} })
    expect(await failures(plugin, { valid: [{ name: 'it' }, { limit: 'x' }], invalid: [{ limit: 3 }] })).toEqual({
      'accepts options 1': expect.stringContaining('limit'),
      'refuses options 0: {"limit":3}': expect.stringContaining('were accepted'),
      'describes each option': expect.stringContaining('options without .describe()'),
    })
  })

  it('finds one that changes its options', async () => {
    const plugin = definePlugin(meta, {
      options: z.object({ paths: z.array(z.string()).default([]).describe('Paths') }),
      setup(ctx) {
        ;(ctx.options.paths as string[]).push('/etc')
      },
    })
    expect((await failures(plugin))['sets up with frozen options']).toMatch(/plugin "it" failed in setup: Cannot add property/)
    const notifier = defineNotifier(meta, {
      options: z.object({ paths: z.array(z.string()).default([]).describe('Paths') }),
      setup(ctx) {
        ;(ctx.options.paths as string[]).push('/etc')
        return delivering
      },
    })
    expect((await failures(notifier))['sets up with frozen options']).toMatch(/Cannot add property/)
  })

  it('finds what is left open, and where it was made', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cws-tester-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    const leaks: Record<string, () => void> = {
      'a timer': () => {
        const timer = setInterval(() => {}, 60_000)
        cleanups.push(() => clearInterval(timer))
      },
      'a timer that holds nobody': () => {
        const timer = setTimeout(() => {}, 60_000).unref()
        cleanups.push(() => clearTimeout(timer))
      },
      'a server': () => {
        const server = createServer().listen(0, '127.0.0.1')
        cleanups.push(() => server.close())
      },
      'a file': () => {
        openSync(join(folder, 'x'), 'w')
      },
    }
    const words: Record<string, RegExp> = {
      'a timer': /Timeout made at .*plugin-tester\.test/,
      'a timer that holds nobody': /Timeout made at .*plugin-tester\.test/,
      'a server': /TCPSERVERWRAP/,
      'a file': /file descriptor \d+ of .*cws-tester-/,
    }
    for (const [name, leak] of Object.entries(leaks)) {
      const found = await failures(definePlugin(meta, { setup: () => leak() }))
      expect(Object.keys(found), name).toEqual(['leaves nothing open'])
      expect(found['leaves nothing open'], name).toMatch(words[name] as RegExp)
    }
    const notifier = defineNotifier(meta, {
      setup: () => {
        leaks['a timer']?.()
        return delivering
      },
    })
    expect(Object.keys(await failures(notifier))).toEqual(['leaves nothing open'])
  }, 60_000)

  it('finds events that are fed without being declared', async () => {
    const usb = defineEvent('usb', { doc: 'A device came.', fields: { vendor: int('Vendor') } })
    const undeclared = definePlugin(meta, { setup: (ctx) => void ctx.feed(usb as never) })
    expect(await failures(undeclared)).toEqual({
      'declares the events that it feeds': expect.stringContaining('not among `events` of the definition'),
    })
    const flavours = [{ name: 'x', probe: () => ({ ok: true }) as const, start: () => {}, stop: () => {} }] as const
    const unsaid = definePlugin(meta, {
      events: [usb],
      setup(ctx) {
        ctx.feed(usb as never)
        ctx.source({ sensor: 'usb', feeds: ['exec'], flavours })
      },
    })
    expect(await failures(unsaid)).toEqual({
      'declares the events that it feeds': expect.stringContaining('not among `feeds` of a source'),
    })
  })

  it('finds one that throws: in setup, at events of which nothing is known, in stop', async () => {
    const hasty = definePlugin(meta, {
      setup(ctx) {
        ctx.detect('exec', null, (event) => {
          if ((event.exec.args as string).startsWith('x')) return { rule: 'x', severity: 'low' }
        })
      },
    })
    const found = await failures(hasty)
    expect(found['bears events of which nothing is known']).toMatch(/^plugin "it" failed in detect:exec: .*startsWith/)
    const broken = definePlugin(meta, {
      setup() {
        throw new Error('no such device')
      },
    })
    expect((await failures(broken))['sets up with frozen options']).toContain('plugin "it" failed in setup: no such device')
    const rude = definePlugin(meta, { setup: (ctx) => ctx.onStop(() => Promise.reject(new Error('busy'))) })
    expect((await failures(rude))['stops without having started, and may be stopped twice']).toContain('plugin "it" failed in stop: busy')
  })

  it('finds one that never finishes stopping, and waits for it no longer than a second', async () => {
    const stuck = definePlugin(meta, { setup: (ctx) => ctx.onStop(() => new Promise(() => {})) })
    const found = await failures(stuck, undefined, /stop/)
    expect(Object.keys(found)).toEqual(['stops without having started, and may be stopped twice'])
    expect(found['stops without having started, and may be stopped twice']).toContain('did not finish stop within 1 s')
    const open = defineNotifier(meta, { setup: () => ({ ...delivering, close: () => new Promise<void>(() => {}) }) })
    expect(Object.keys(await failures(open, undefined, /closed/))).toEqual(['may be closed twice, without having delivered'])
  }, 30_000)

  it('finds a notifier whose options cannot cross to the delivery thread', async () => {
    const notifier = defineNotifier(meta, {
      options: z.object({ format: z.custom<() => string>((value) => typeof value === 'function').describe('Words') }),
      setup: () => delivering,
    })
    const found = await failures(notifier, { valid: [{ name: 'it', format: () => 'x' }] })
    expect(found['has options that can cross to the delivery thread']).toContain('the option format cannot')
  })

  it('says what it needs where no runner is global', () => {
    expect(() => new PluginTester({} as never)).toThrow('new PluginTester({ describe, it })')
  })
})
