import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Pace } from '../src/send/pace.ts'

const NEVER = new AbortController().signal
const missed = (failure: { readonly detail: string }): string => failure.detail

describe('a pace', () => {
  it('runs one at a time, in order, each a while after the end of the one before, however long that took', async () => {
    const pace = new Pace(40)
    const moments: [string, number][] = []
    const send = (name: string, ms: number) => async () => {
      moments.push([`${name} begins`, performance.now()])
      await sleep(ms)
      moments.push([`${name} ends`, performance.now()])
      return name
    }
    const all = [send('a', 60), send('b', 0), send('c', 5)].map((each) => pace.run(NEVER, each, missed))
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c'])
    expect(moments.map(([name]) => name)).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
    const at = (index: number): number => (moments[index] as [string, number])[1]
    // A timer may be a millisecond early.
    for (const begin of [2, 4]) expect(at(begin) - at(begin - 1)).toBeGreaterThanOrEqual(38)
  })

  it('lets who is stopped go at once, without sending, and the rest come in', async () => {
    const pace = new Pace(0)
    const stop = new AbortController()
    let finish = (): void => {}
    const first = pace.run(NEVER, () => new Promise<string>((resolve) => (finish = () => resolve('first'))), missed)
    const second = pace.run(stop.signal, async () => 'second', missed)
    const third = pace.run(NEVER, async () => 'third', missed)
    stop.abort()
    expect(await second).toBe('stopped while it waited for its turn in the channel')
    expect(await pace.run(stop.signal, async () => 'fourth', missed)).toBe('stopped while it waited for its turn in the channel')
    finish()
    expect(await Promise.all([first, third])).toEqual(['first', 'third'])
  })

  it('outlives what fails', async () => {
    const pace = new Pace(0)
    await expect(pace.run(NEVER, () => Promise.reject(new Error('no')), missed)).rejects.toThrow('no')
    expect(await pace.run(NEVER, async () => 'next', missed)).toBe('next')
  })

  it('keeps those who wait waiting when it is told to pause meanwhile', async () => {
    const pace = new Pace(0)
    const first = pace.run(NEVER, async () => void pace.pause(30_000), missed)
    const second = pace.run(NEVER, async () => 'second', missed)
    expect(await Promise.all([first, second])).toEqual([undefined, 'the channel takes no more messages for now'])
  })
})
