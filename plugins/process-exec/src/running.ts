import type { InterestSet } from '@cws/core'
import type { Drain } from '@cws/native'
import type { Attach, Attachment } from './flavours/attachment.ts'
import { scan } from './procfs/scan.ts'
import { TYPE } from './record/layout.ts'
import type { Feeds, ProcessSensor } from './sensor.ts'

/** How long the start waits for the first scan of /proc; on hosts with very many processes it goes on behind. */
const SCAN_MS = 4_000

/** The sensor and the flavour that feeds it: what one composition hands to the next, so that a reload sees no gap. */
export class Running {
  readonly sensor: ProcessSensor
  #name = ''
  #owner: object | undefined
  #attachment: Attachment | undefined
  #scan = new AbortController()
  #wakeOn: readonly number[] = [TYPE.EXEC]

  constructor(sensor: ProcessSensor) {
    this.sensor = sensor
  }

  /** The native thread of the flavour that runs. */
  get drain(): Drain | undefined {
    return this.#attachment?.drain
  }

  /** Starts a flavour, or takes over the one that runs already. `owner`: the composition; only the last one can stop it. */
  async start(name: string, owner: object, feeds: Feeds, attach: Attach, scans: boolean): Promise<void> {
    this.#owner = owner
    this.sensor.open(name, feeds)
    if (this.#attachment && this.#name === name) return
    this.#detach()
    // Attached before /proc is read, so that nothing falls between: what is seen twice is merged by pid and start.
    this.#attachment = attach(this.sensor)
    this.#attachment.wakeOn(this.#wakeOn)
    this.#name = name
    if (scans) await this.#readRunning()
    this.sensor.scanned()
  }

  stop(owner: object): void {
    if (this.#owner !== owner) return
    this.#detach()
    this.sensor.close()
    this.#owner = undefined
  }

  /** Who wants fork or exit at once has them wake the reader; exec always does. */
  interests(set: InterestSet): void {
    const urgent = (type: string) => set.byType.get(type)?.some((interest) => interest.urgent) ?? false
    this.#wakeOn = [TYPE.EXEC, ...(urgent('fork') ? [TYPE.FORK] : []), ...(urgent('exit') ? [TYPE.EXIT] : [])]
    this.#attachment?.wakeOn(this.#wakeOn)
  }

  [Symbol.dispose](): void {
    this.#detach()
    this.sensor.close()
  }

  #detach(): void {
    this.#scan.abort()
    this.#attachment?.close()
    this.#attachment = undefined
  }

  async #readRunning(): Promise<void> {
    this.#scan = new AbortController()
    const whole = scan((pid) => this.sensor.load(pid), this.#scan.signal)
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SCAN_MS)
    })
    await Promise.race([whole, patience])
    clearTimeout(timer)
  }
}
