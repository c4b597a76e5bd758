import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { feedWatchdog, watchdogMs } from '../src/cli/watchdog.ts'

describe('the watchdog of the service manager', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('is for the process that it names', () => {
    expect(watchdogMs({}, 7)).toBeUndefined()
    expect(watchdogMs({ WATCHDOG_USEC: '90000000' }, 7)).toBe(90_000)
    expect(watchdogMs({ WATCHDOG_USEC: '90000000', WATCHDOG_PID: '7' }, 7)).toBe(90_000)
    expect(watchdogMs({ WATCHDOG_USEC: '90000000', WATCHDOG_PID: '8' }, 7)).toBeUndefined()
    for (const period of ['0', '-1', 'x', '1e9', '']) expect(watchdogMs({ WATCHDOG_USEC: period }, 7)).toBeUndefined()
  })

  const feeding = (silence: { ms: number }) => {
    const feed = vi.fn()
    const withheld = vi.fn()
    const ends = feedWatchdog({ silentMs: () => silence.ms, feed, withheld, env: { WATCHDOG_USEC: '90000000' }, pid: 7 })
    return { feed, withheld, ends }
  }

  test('is fed three times in its period, until it ends', () => {
    const { feed, withheld, ends } = feeding({ ms: 3_000 })
    vi.advanceTimersByTime(90_000)
    expect(feed).toHaveBeenCalledTimes(4)
    ends?.[Symbol.dispose]()
    vi.advanceTimersByTime(90_000)
    expect(feed).toHaveBeenCalledTimes(4)
    expect(withheld).not.toHaveBeenCalled()
  })

  test('is not fed while delivery is silent, told once, and fed again', () => {
    const silence = { ms: 0 }
    const { feed, withheld, ends } = feeding(silence)
    silence.ms = 90_000
    vi.advanceTimersByTime(90_000)
    expect(feed).toHaveBeenCalledTimes(1)
    expect(withheld.mock.calls).toEqual([['the delivery thread has taken nothing up for 90 s']])
    silence.ms = 0
    vi.advanceTimersByTime(30_000)
    expect(feed).toHaveBeenCalledTimes(2)
    ends?.[Symbol.dispose]()
  })
})
