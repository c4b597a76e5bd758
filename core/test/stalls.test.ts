import { SyncHook } from 'tapable'
import { expect, it } from 'vitest'
import { guarded } from '../src/hooks/guard.ts'
import { STALL_TICKS } from '../src/hooks/stalls.ts'
import { engineTicks } from '../src/hooks/tick-clock.ts'

/** Time that passes by the clock of the engine. */
const pass = (ticks: number): void => void Atomics.add(engineTicks, 0, ticks)

function hookThatTells(name: string, told: string[]): SyncHook<[]> {
  const hook = new SyncHook<[]>([])
  hook.intercept({ register: (tap) => guarded(tap, name, (plugin, where, error) => told.push(`${plugin} ${where}: ${error.message}`)) })
  return hook
}

it('tells which tap held the engine up, not the others, and not one that only contained it', () => {
  const told: string[] = []
  const [outer, inner] = [hookThatTells('detect:exec', told), hookThatTells('finding', told)]
  inner.tap('slow', () => pass(STALL_TICKS + 3))
  inner.tap('quick', () => pass(1))
  outer.tap('before', () => pass(STALL_TICKS - 1))
  outer.tap('rules', () => inner.call())
  outer.tap('both', () => {
    inner.call()
    pass(STALL_TICKS)
  })
  outer.tap('after', () => {})
  outer.call()
  expect(told).toEqual([
    'slow finding: held the engine up for about 1500 ms',
    'slow finding: held the engine up for about 1500 ms',
    'both detect:exec: held the engine up for about 1000 ms',
  ])
})

it('tells of a tap that throws late', () => {
  const told: string[] = []
  const hook = hookThatTells('enrich:exec', told)
  hook.tap('late', () => {
    pass(STALL_TICKS)
    throw new Error('boom')
  })
  hook.call()
  expect(told).toEqual(['late enrich:exec: boom', 'late enrich:exec: held the engine up for about 750 ms'])
})
