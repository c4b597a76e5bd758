import { readFileSync } from 'node:fs'

/** Turns times of the kernel's records (CLOCK_BOOTTIME) into wall-clock times, and back. */
export class Clock {
  readonly #boottime: () => bigint
  /** ns between the epoch and boot. */
  #offset = 0n
  /** The same in ms, to the fraction of a microsecond: for those who note very many times. */
  offsetMs = 0

  constructor(boottime: () => bigint) {
    this.#boottime = boottime
    this.adjust()
  }

  /** Follows steps of the wall clock. */
  adjust(): void {
    const wall = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
    const drift = BigInt(Date.now()) * 1_000_000n - wall
    // performance counts on from where the wall clock stood at start: only a step makes the two differ by more than rounding.
    const now = drift > 20_000_000n || drift < -20_000_000n ? BigInt(Date.now()) * 1_000_000n : wall
    this.#offset = now - this.#boottime()
    this.offsetMs = Number(this.#offset / 1000n) / 1000
  }

  /** ns since boot, now. */
  now(): bigint {
    return this.#boottime()
  }

  toWall(boottime: bigint): bigint {
    return boottime + this.#offset
  }

  toBoot(wall: bigint): bigint {
    return wall - this.#offset
  }
}

/** CLOCK_BOOTTIME without native code: /proc/uptime has hundredths of a second, refined by a monotonic clock from one of its steps on. */
export function uptimeClock(): () => bigint {
  const read = () => BigInt(Math.round(Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 100)) * 10_000_000n
  const first = read()
  let step = first
  const deadline = process.hrtime.bigint() + 25_000_000n
  while (step === first && process.hrtime.bigint() < deadline) step = read()
  const base = step - process.hrtime.bigint()
  return () => base + process.hrtime.bigint()
}
