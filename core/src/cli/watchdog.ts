/** The delivery thread is asked every few seconds: a silence shorter than this says nothing, however short the period. */
const SILENCE_MS = 10_000

export interface WatchdogOptions {
  /** For how long the delivery thread has taken nothing up. */
  readonly silentMs: () => number
  readonly feed: () => void
  /** Called once each time that feeding stops. */
  readonly withheld: (reason: string) => void
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly pid?: number
}

/** How often a service manager wants to hear of this process, ms, as sd_watchdog_enabled(3) reads it; undefined if it does not. */
export function watchdogMs(env: Readonly<Record<string, string | undefined>>, pid: number): number | undefined {
  const { WATCHDOG_USEC: period, WATCHDOG_PID: whose } = env
  if (period === undefined || !/^[1-9]\d{0,14}$/.test(period)) return undefined
  if (whose !== undefined && whose !== `${pid}`) return undefined
  return Number(period) / 1000
}

/**
 * Feeds the watchdog of the service manager, three times in its period: from the engine's own loop, so that an engine that is held up does not,
 * and only while the delivery thread takes up what it is sent. One that is replaced in time costs nothing.
 */
export function feedWatchdog({ silentMs, feed, withheld, env = process.env, pid = process.pid }: WatchdogOptions): Disposable | undefined {
  const period = watchdogMs(env, pid)
  if (period === undefined) return undefined
  let fed = true
  const look = (): void => {
    const silent = silentMs()
    const lives = silent < Math.max(period, SILENCE_MS)
    if (lives) feed()
    else if (fed) withheld(`the delivery thread has taken nothing up for ${Math.round(silent / 1000)} s`)
    fed = lives
  }
  look()
  const timer = setInterval(look, Math.max(1, period / 3))
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
