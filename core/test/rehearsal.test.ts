import { expect, it, vi } from 'vitest'
import { rehearse } from '../src/agent/rehearsal.ts'
import { Runtime } from '../src/agent/runtime.ts'
import { definePlugin } from '../src/plugin/define.ts'
import { KeepStore } from '../src/plugin/keep.ts'
import type { SignalLine } from '../src/signals/signal-line.ts'
import { loggerInto, type ObservedLog } from '../src/testing/test-pipeline.ts'

it('rehearses with the event of the self-test while it is dispatched; no rule, no hook and no counter of signals hears of it', async () => {
  let emit: (nonce: string) => void = () => {}
  const heard = vi.fn()
  const plugin = definePlugin(
    { url: import.meta.url },
    {
      setup(ctx) {
        const feed = ctx.feed('exec')
        emit = (args) => feed.emit({ args, file: { path: '/bin/true' } })
        ctx.detect('exec', null, () => ({ rule: 'everything', severity: 'critical' }))
        ctx.hooks.signal.tap(heard)
        ctx.source({
          sensor: 'process',
          feeds: ['exec'],
          flavours: [{ name: 'fake', probe: () => ({ ok: true }), start: () => {}, stop: () => {} }],
          selfTest: {
            on: 'exec',
            trigger: (nonce) => emit(nonce),
            recognise: (event, nonce) => String(event.get('exec.args')).startsWith(nonce),
          },
        })
      },
    },
  )({ name: 'source' })
  const played: SignalLine[] = []
  const logs: ObservedLog[] = []
  const onFinding = vi.fn()
  const keep = new KeepStore()
  const runtime = new Runtime([{ instance: plugin, options: {} }], {
    keep,
    logFor: (name) => loggerInto(logs, name),
    stateOf: () => ({}),
    writeState: () => {},
    onFinding,
    onSelfTest: (event) => rehearse('h', event, (signal) => void played.push(signal)),
  })
  await runtime.setup()
  await runtime.startSensors()
  expect(runtime.sensors[0]?.selfTest).toBe('alive')
  expect(played.length).toBeGreaterThan(0)
  expect(played[0]?.signal.event).toMatchObject({ type: 'exec', exec: { file: { path: '/bin/true' } } })
  expect(onFinding).not.toHaveBeenCalled()
  expect(heard).not.toHaveBeenCalled()
  expect(runtime.engine.counters.signals).toBe(0)
  expect(runtime.engine.counters.faults).toBe(0)
  emit('somebody else')
  expect(onFinding).toHaveBeenCalledTimes(1)
  await runtime.stop()
  await keep.close()
})
