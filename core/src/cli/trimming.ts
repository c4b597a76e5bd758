/** When the threads have let go of what starting up took: a fifth of the process. */
const FIRST_MS = 1_000
/** What a storm of events took is given back soon after it; where there is nothing to give, it takes a third of a millisecond. */
const EVERY_MS = 10_000

/**
 * Lets memory be given back from time to time: malloc keeps what was freed below what is still used, for a process that will need it again.
 * `failed` is called once, and it is not tried again.
 */
export function keepTrim(trim: () => Promise<void>, failed: (error: unknown) => void): Disposable {
  let timer: NodeJS.Timeout | undefined
  let over = false
  const after = (ms: number): void => {
    timer = setTimeout(() => {
      trim().then(() => !over && after(EVERY_MS), failed)
    }, ms).unref()
  }
  after(FIRST_MS)
  return {
    [Symbol.dispose]: () => {
      over = true
      clearTimeout(timer)
    },
  }
}
