import { randomBytes } from 'node:crypto'
import { statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tapEventLines } from '../../src/agent/event-lines.ts'
import { definePlugin } from '../../src/plugin/define.ts'
import { Decoder } from '../../src/recording/decoder.ts'
import { Encoder } from '../../src/recording/encoder.ts'
import { headOf } from '../../src/recording/head.ts'
import { readLines } from '../../src/recording/reader.ts'
import { MAX_ENDED, Replay } from '../../src/recording/replay.ts'
import { RecordingWriter } from '../../src/recording/writer.ts'
import type { SignalLine } from '../../src/signals/signal-line.ts'
import { loadOptions } from '../../src/testing/load-options.ts'
import { loggerInto, TestPipeline } from '../../src/testing/test-pipeline.ts'
import { temporaryFolder, until } from '../fixtures/delivery.ts'

const START = 1_800_000_000_000_000_000n
const SECOND = 1_000_000_000n

/** Finds each exec from /tmp and counts, a process, what was opened. */
const detector = definePlugin(import.meta, {
  name: 'detector',
  setup(ctx) {
    const opened = ctx.per('process', () => ({ count: 0 }))
    ctx.detect('exec', null, (event) =>
      String(event.get('exec.file.path')).startsWith('/tmp/')
        ? { rule: 'from-tmp', severity: 'high', title: 'A program of /tmp', message: '{{@exec.args}}', groupBy: ['exec.file.path'] }
        : undefined,
    )
    ctx.detect('open', null, (event) => {
      const seen = opened(event)
      return ++seen.count === 3 ? { rule: 'reads-much', severity: 'low', groupBy: ['process.file.path'] } : undefined
    })
  },
})

const head = JSON.stringify(headOf('1.2.3'))

/** What happened on a host, recorded and found there. */
async function record() {
  await using pipeline = await TestPipeline.of([detector()])
  const encoder = new Encoder()
  const lines: string[] = [head]
  const { engine, selfTests } = pipeline.runtime
  engine.redactors.set('exec.args', (value) => String(value).replace('secret', '***'))
  const flush = tapEventLines(
    engine,
    selfTests,
    ['exec', 'open', 'exit'],
    {},
    {
      lineOf: (event) => encoder.lines(event),
      post: (text) => lines.push(...text.split('\n')),
    },
  )
  const at = (seconds: number, pid: number) => ({ pid, timestamp: START + BigInt(Math.round(seconds * 1000)) * (SECOND / 1000n) })
  const process = {
    'process.file.path': '/bin/sh',
    'process.ancestors.pid': [4, 1],
    'process.ancestors.argv': [['-x'], []],
    'process.cap_effective': 2n ** 63n,
  }
  pipeline.emit('exec', { 'exec.file.path': '/bin/sh', 'exec.args': '-c secret', 'exec.file.inode': 2n ** 60n, ...process }, at(0, 7))
  pipeline.emit('exec', { 'exec.file.path': '/tmp/a', 'exec.args': 'secret', ...process }, at(1, 7))
  for (let i = 0; i < 3; i++) pipeline.emit('open', { file: { path: `/etc/${i}` }, ...process }, at(2 + i, 7))
  for (let i = 0; i < 50; i++) pipeline.emit('exec', { 'exec.file.path': '/tmp/a', ...process }, at(5 + i, 7))
  pipeline.emit('exit', { 'exit.code': 0 }, at(60, 7))
  for (let i = 0; i < 2; i++) pipeline.emit('open', { file: { path: `/etc/${i}` }, 'process.file.path': '/bin/other' }, at(70 + i, 7))
  pipeline.emit('exec', { 'exec.file.path': '/tmp/a' }, at(1000, 7))
  flush()
  return { lines, findings: pipeline.findings.map(({ rule }) => rule), redacted: encoder }
}

async function replayed(lines: readonly string[]): Promise<{ signals: SignalLine[]; replay: Replay }> {
  const signals: SignalLine[] = []
  const instance = detector()
  await using replay = new Replay({
    instances: [{ instance, options: await loadOptions(instance) }],
    logFor: (plugin) => loggerInto([], plugin),
    emit: (signal) => signals.push(signal),
  })
  await replay.setup()
  replay.take(lines)
  replay.end()
  return { signals, replay }
}

describe('what was recorded', () => {
  test('gives the findings of the host again, and the same signals each time', async () => {
    const { lines, findings } = await record()
    const first = await replayed(lines)
    const second = await replayed(lines)
    expect(second.signals.map(({ line }) => line)).toEqual(first.signals.map(({ line }) => line))
    const last = new Map(first.signals.map((signal) => [signal.head.id, signal.head]))
    expect([...last.values()].map(({ rule, count }) => [rule, count])).toEqual([
      ['from-tmp', 51],
      ['reads-much', 1],
      ['from-tmp', 1],
    ])
    expect(findings).toHaveLength(53)
    expect(first.replay).toMatchObject({ events: 59, unknown: 0, signals: 3 })
  })

  test('is told as it grows, at most every ten seconds, and with its last count', async () => {
    const { signals } = await replayed((await record()).lines)
    const counts = signals.filter(({ head }) => head.id === signals[0]?.head.id).map(({ head }) => head.count)
    expect(counts.length).toBeGreaterThan(4)
    expect(counts.length).toBeLessThan(9)
    expect(counts.at(-1)).toBe(51)
    expect(signals[0]?.signal).toMatchObject({ first_seen: '2027-01-15T08:00:01.000000000Z', message: '***' })
  })

  test('says of each event what the event said, redacted, and of processes once', async () => {
    const { lines } = await record()
    const definitions = await TestPipeline.of([])
    const { events } = definitions.runtime.engine
    const decoder = new Decoder((type) => events.get(type))
    const decoded = lines.map((line) => decoder.take(line)).filter((event) => event !== undefined)
    expect(decoded).toHaveLength(59)
    expect(decoded[0]?.values.get('exec.args')).toBe('-c ***')
    expect(decoded[0]?.values.get('exec.file.inode')).toBe(2n ** 60n)
    expect(decoded[0]?.values.get('process.ancestors.argv')).toEqual([['-x'], []])
    expect(decoded[0]?.values.get('event.timestamp')).toBe(START)
    expect(lines.filter((line) => line.startsWith('{"block"')).length).toBeLessThan(8)
    await definitions.stop()
  })
})

describe('the file', () => {
  const write = async (path: string, lines: readonly string[]) => {
    const writer = new RecordingWriter({ path, head: headOf('1'), maxBytes: 1e9, onEnd: () => {} })
    for (const line of lines) writer.write(line, 1)
    await writer.close()
    return writer
  }
  const read = async (path: string) => {
    const lines: string[] = []
    const cuts: string[] = []
    for await (const some of readLines(path, (why) => cuts.push(why))) lines.push(...some)
    return { lines, cuts }
  }

  test('is for its owner alone, never over another, and gives back what it was given', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'a.cws')
    const lines = Array.from({ length: 5000 }, (_, i) => JSON.stringify({ i, text: 'é'.repeat(i % 100) }))
    const writer = await write(path, lines)
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
    expect(writer).toMatchObject({ events: 5000, dropped: 0, bytes: statSync(path).size })
    expect((await read(path)).lines.slice(1)).toEqual(lines)
    expect(() => new RecordingWriter({ path, head: headOf('1'), maxBytes: 1, onEnd: () => {} })).toThrow(/is there already/)
  })

  test('ends when it is full', async () => {
    using folder = temporaryFolder()
    const ends: unknown[] = []
    const path = join(folder.path, 'a.cws')
    const writer = new RecordingWriter({ path, head: headOf('1'), maxBytes: 100_000, onEnd: (reason) => ends.push(reason) })
    for (let i = 0; i < 20; i++) writer.write(randomBytes(20_000).toString('hex'), 1)
    await until(() => ends.length > 0, 'the end')
    writer.write('too late', 1)
    await writer.close()
    expect(ends).toEqual(['full'])
    expect(writer.events).toBe(20)
    expect((await read(path)).lines).not.toContain('too late')
  })

  test('that was cut off is read as far as it goes; one that is damaged, or none, is refused', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'a.cws')
    const lines = Array.from({ length: 40_000 }, (_, i) => `{"i":${Math.imul(i + 1, 0x9e3779b1) >>> 0}}`)
    await write(path, lines)
    truncateSync(path, statSync(path).size >>> 1)
    const { lines: whole, cuts } = await read(path)
    expect(cuts).toHaveLength(1)
    expect(whole.length).toBeGreaterThan(100)
    expect(whole.slice(1).join('\n')).toBe(lines.slice(0, whole.length - 1).join('\n'))
    writeFileSync(path, 'no recording at all')
    await expect(read(path)).rejects.toMatchObject({ code: 'CWS_ERR_RECORDING' })
    await expect(read(join(folder.path, 'absent'))).rejects.toMatchObject({ code: 'CWS_ERR_RECORDING' })
    writeFileSync(path, zstdCompressSync('x'.repeat(2 * 1024 * 1024)))
    await expect(read(path)).rejects.toMatchObject({ message: expect.stringContaining('characters') })
  })
})

describe('hostile lines', () => {
  const definition = async () => (await TestPipeline.of([])).runtime.engine.events

  test.each([
    ['[]', 'it is no object'],
    ['{"type":"exec","process":1.5,"blocks":[],"values":{}}', 'an event has a type'],
    ['{"type":"exec","process":1,"blocks":[9],"values":{}}', 'block 9 was not defined'],
    ['{"type":"exec","process":1,"blocks":[],"values":{"exec.pid":"7"}}', 'exec.pid is int, not "7"'],
    ['{"type":"exec","process":1,"blocks":[],"values":{"exec.file.inode":"1e9"}}', 'exec.file.inode is int64'],
    ['{"type":"exec","process":1,"blocks":[],"values":{"exec.argv":[["a",[1]]]}}', 'exec.argv is a list of string'],
    ['{"block":1,"values":{"event.hostname":"x"}}', 'a block says what a process is'],
    ['{"block":"1","values":{}}', 'a block has a number'],
  ])('%s', async (line, why) => {
    const events = await definition()
    const decoder = new Decoder((type) => events.get(type))
    decoder.take(head)
    expect(() => decoder.take(line)).toThrow(
      expect.objectContaining({ code: 'CWS_ERR_RECORDING', message: expect.stringContaining(`line 2: ${why}`) }),
    )
  })

  test('however deeply a value is nested, it is an error of its line', async () => {
    const events = await definition()
    const place = fc.constantFrom(
      (value: string) => `{"type":"exec","process":1,"blocks":[],"values":{"exec.pid":${value}}}`,
      (value: string) => `{"type":"exec","process":1,"blocks":[],"values":{"exec.argv":[${value}]}}`,
      (value: string) => `{"type":"exec","process":1,"blocks":[${value}],"values":{}}`,
      (value: string) => `{"block":1,"values":{"process.pid":${value}}}`,
    )
    fc.assert(
      fc.property(
        place,
        fc.boolean(),
        fc.oneof(fc.integer({ min: 3, max: 100 }), fc.integer({ min: 5_000, max: 200_000 })),
        (at, list, depth) => {
          const decoder = new Decoder((type) => events.get(type))
          decoder.take(head)
          const [open, close] = list ? ['[', ']'] : ['{"":', '}']
          const line = at(`${open.repeat(depth)}1${close.repeat(depth)}`)
          expect(() => decoder.take(line)).toThrow(expect.objectContaining({ code: 'CWS_ERR_RECORDING' }))
        },
      ),
      { numRuns: 40 },
    )
  })

  test('where time stands still, of processes that ended only so many are remembered', async () => {
    const line = (type: string, process: number) =>
      `{"type":"${type}","process":${process},"blocks":[],"values":{"event.timestamp":"${START}","process.file.path":"/bin/sh"}}`
    const opened = (process: number) => Array.from({ length: 2 }, () => line('open', process))
    const ended = (count: number) => Array.from({ length: count }, (_, i) => line('exit', i))
    // It is forgotten before its time, so that it counts anew.
    const many = await replayed([head, ...opened(0), ...ended(MAX_ENDED + 1), ...opened(0)])
    expect(many.replay.signals).toBe(0)
    const few = await replayed([head, ...opened(0), ...ended(MAX_ENDED), ...opened(0)])
    expect(few.replay.signals).toBe(1)
  })

  test('whatever comes is an event of the model or an error of its line', async () => {
    const events = await definition()
    const { lines } = await record()
    const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('123', 1, true, ['a'], [['a']], null))
    const name = fc.constantFrom(
      'exec.pid',
      'exec.args',
      'exec.argv',
      'process.pid',
      'process.ancestors.pid',
      'event.timestamp',
      'exec.file.inode',
      '__proto__',
      'nothing',
    )
    const built = fc
      .record({
        type: fc.constantFrom('exec', 'open', 'nothing', 7),
        process: fc.oneof(fc.integer(), value),
        blocks: fc.oneof(fc.array(fc.nat(3)), value),
        mirrored: value,
        values: fc.oneof(fc.dictionary(name, value), value),
        block: fc.oneof(fc.constant(undefined), fc.nat(3)),
      })
      .map((line) => JSON.stringify(line))
    const cut = fc
      .tuple(fc.constantFrom(...lines), fc.nat(400), fc.string({ maxLength: 3 }))
      .map(([line, at, put]) => line.slice(0, at) + put + line.slice(at + 1))
    fc.assert(
      fc.property(fc.array(fc.oneof(built, cut, fc.string()), { maxLength: 12 }), (some) => {
        const decoder = new Decoder((type) => [...events.values()].find((one) => one.type === type))
        decoder.take(head)
        for (const line of some) {
          try {
            const event = decoder.take(line)
            if (event) for (const field of event.values.keys()) expect(events.get(event.type).fields.has(field)).toBe(true)
          } catch (error) {
            expect(error).toMatchObject({ code: 'CWS_ERR_RECORDING' })
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})
