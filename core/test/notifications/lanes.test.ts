import { expect, it } from 'vitest'
import { Allowance } from '../../src/delivery/queue/allowance.ts'
import { laneOf, lanes } from '../../src/notifications/lanes.ts'
import { rankOf } from '../../src/signals/severity.ts'

const place = (...of: Parameters<typeof laneOf>): number => lanes.indexOf(laneOf(...of))

it.each(['notice', 'escalated'] as const)('a %s goes before what people judged, however much that is', (reason) => {
  for (const judged of ['acknowledged', 'archived'] as const) {
    expect(place(reason, rankOf('high'), true)).toBeLessThan(place(judged, rankOf('critical'), false))
    expect(place(reason, rankOf('critical'), true)).toBeLessThan(place('opened', rankOf('high'), false))
  }
})

it.each(['notice', 'escalated'] as const)('a %s that is critical is sent though the rest has spent its share', (reason) => {
  const allowance = new Allowance({ burst: 10, perMinute: 60 }, () => 0)
  while (allowance.wait(laneOf('archived', rankOf('critical'), true)) === 0) allowance.spend()
  expect(allowance.wait(laneOf(reason, rankOf('high'), true))).toBeGreaterThan(0)
  expect(allowance.wait(laneOf(reason, rankOf('critical'), true))).toBe(0)
})
