/** A record, as a strict reader of RFC 5424 understands it. */
export interface SyslogRecord {
  readonly facility: number
  readonly severity: number
  readonly timestamp: string
  readonly host: string
  readonly app: string
  readonly procId: string
  readonly msgId: string
  /** Parameters by SD-ID, as often as they stand there. */
  readonly data: Readonly<Record<string, readonly (readonly [name: string, value: string])[]>>
  readonly bom: boolean
  readonly text: string
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const HEADER =
  /^<(0|[1-9]\d?|1[0-8]\d|19[01])>1 (-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) /
const SD_NAME = /[!#-<>-\\^-~]{1,32}/y

/** @throws Error if the bytes are no record by RFC 5424 §6, or its text holds what people should not be shown */
export function readRecord(bytes: Uint8Array): SyslogRecord {
  const whole = utf8.decode(bytes)
  const header = HEADER.exec(whole)
  if (!header) throw new Error(`no header: ${JSON.stringify(whole.slice(0, 200))}`)
  const [all, priority, timestamp, host, app, procId, msgId] = header as unknown as string[]
  let at = all?.length ?? 0
  const data: Record<string, [string, string][]> = {}
  const expect = (text: string): void => {
    if (!whole.startsWith(text, at)) throw new Error(`${JSON.stringify(text)} is missing at ${JSON.stringify(whole.slice(at, at + 40))}`)
    at += text.length
  }
  const name = (): string => {
    SD_NAME.lastIndex = at
    const found = SD_NAME.exec(whole)?.[0]
    if (found === undefined) throw new Error(`no name at ${JSON.stringify(whole.slice(at, at + 40))}`)
    at += found.length
    return found
  }
  if (whole[at] === '-') at++
  else
    while (whole[at] === '[') {
      at++
      const id = name()
      if (id in data) throw new Error(`${id} stands there twice`)
      const parameters: [string, string][] = []
      data[id] = parameters
      while (whole[at] === ' ') {
        at++
        const key = name()
        expect('="')
        let value = ''
        while (whole[at] !== '"') {
          const character = whole[at]
          if (character === undefined || character === ']') throw new Error(`a value that does not end, or has a bare "]": ${value}`)
          const escapes = character === '\\' && /["\\\]]/.test(whole[at + 1] ?? '')
          if (character === '\\' && !escapes) throw new Error('a backslash that escapes nothing')
          value += escapes ? whole[at + 1] : character
          at += escapes ? 2 : 1
        }
        at++
        parameters.push([key, value])
      }
      expect(']')
    }
  let text = ''
  let bom = false
  if (at < whole.length) {
    expect(' ')
    bom = whole[at] === '\ufeff'
    text = whole.slice(bom ? at + 1 : at)
    if (!bom && /[^\0-\x7f]/.test(text)) throw new Error('UTF-8 without a byte order mark')
  }
  const control = /[\0-\x1f\x7f-\x9f\u2028\u2029]/.exec(whole)
  if (control) throw new Error(`a control character: ${JSON.stringify(control[0])}`)
  const number = Number(priority)
  return {
    facility: number >> 3,
    severity: number & 7,
    timestamp: timestamp as string,
    host: host as string,
    app: app as string,
    procId: procId as string,
    msgId: msgId as string,
    data,
    bom,
    text,
  }
}

/** Parts a stream into frames by their counts (RFC 6587 §3.4.1): nothing else may stand there. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  read(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Buffer[] = []
    for (;;) {
      const space = this.#rest.indexOf(0x20)
      const head = this.#rest.toString('latin1', 0, space < 0 ? this.#rest.length : space)
      if (!/^([1-9]\d{0,6})?$/.test(head)) throw new Error(`no length: ${JSON.stringify(head.slice(0, 40))}`)
      const end = space + 1 + Number(head)
      if (space < 0 || this.#rest.length < end) return frames
      frames.push(this.#rest.subarray(space + 1, end))
      this.#rest = this.#rest.subarray(end)
    }
  }
}
