import { definePlugin, defineRule } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import { expect, it } from 'vitest'
import { rules } from '../src/index.ts'

/** Sees which file was opened, not how. */
const opens = definePlugin(import.meta, {
  name: 'opens',
  setup(ctx) {
    ctx.feed('open', { 'open.file.path': () => '/etc/shadow' })
    ctx.source({ sensor: 'opens', feeds: ['open'], flavours: [{ name: 'only', probe: () => ({ ok: true }), start() {}, stop() {} }] })
  },
})

const rule = (id: string, on: 'open' | 'exec', where: string) =>
  defineRule({ id, name: id, severity: 'low', on, where, message: 'It happened.' })

it('rules that need what nobody feeds are named, with what they need; those that can fire without it are not', async () => {
  const pack = [
    rule('path', 'open', 'open.file.path == "/etc/shadow"'),
    rule('length', 'open', 'open.file.path.length > 3'),
    rule('either', 'open', 'open.file.path == "/etc/shadow" || open.flags & O_CREAT > 0'),
    rule('written', 'open', 'open.file.path == "/etc/shadow" && open.flags & O_CREAT > 0'),
    rule('not-read', 'open', 'open.flags != O_RDONLY'),
    rule('failed', 'open', 'open.retval == EACCES && open.flags == O_RDONLY'),
    rule('shell', 'exec', 'exec.file.name == "sh"'),
  ]
  await using pipeline = await TestPipeline.of([opens(), rules({ packs: [pack] })])
  await pipeline.start()
  expect(pipeline.faults).toEqual([])
  const told = pipeline.logs.map(({ message }) => message).filter((message) => message.includes('fed here'))
  expect(told).toEqual([
    'not fed here, so that they cannot fire: rules that need open.flags (written, not-read)',
    'not fed here, so that they cannot fire: rules that need open.retval, open.flags (failed)',
    'not fed here, so that they cannot fire: rules on "exec" (shell)',
    '3 rules run, 4 not fed here, 0 refused, 0 off',
  ])
})

it('of what only another flavour tells, that is named', async () => {
  const none = { start() {}, stop() {} }
  const files = definePlugin(import.meta, {
    name: 'files',
    setup(ctx) {
      ctx.feed('open', { 'open.file.path': () => '/etc/shadow', 'open.flags': () => 0, 'process.uid': () => 0 })
      ctx.source({
        sensor: 'files',
        feeds: ['open'],
        flavours: [
          { name: 'best', probe: () => ({ ok: false, reason: 'not here' }), ...none },
          { name: 'good', probe: () => ({ ok: false, reason: 'nor this' }), lacks: { open: ['open.flags'] }, ...none },
          { name: 'poor', probe: () => ({ ok: true }), lacks: { open: ['open.flags', 'process.*'] }, ...none },
        ],
      })
    },
  })
  const pack = [
    rule('path', 'open', 'open.file.path == "/etc/shadow"'),
    rule('written', 'open', 'open.flags & O_CREAT > 0'),
    rule('by-root', 'open', 'process.uid == 0'),
    rule('failed', 'open', 'open.retval == EACCES'),
  ]
  await using pipeline = await TestPipeline.of([files(), rules({ packs: [pack] })])
  await pipeline.start()
  expect(pipeline.faults).toEqual([])
  const told = pipeline.logs.map(({ message }) => message).filter((message) => message.includes('cannot fire'))
  expect(told).toEqual([
    'not fed here, so that they cannot fire: rules that need open.flags (written); the sensor "files" (best) would feed them',
    'not fed here, so that they cannot fire: rules that need process.uid (by-root); the sensor "files" (best, good) would feed them',
    'not fed here, so that they cannot fire: rules that need open.retval (failed)',
  ])
})
