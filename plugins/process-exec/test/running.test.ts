import type { InterestSet } from '@cws/core'
import { describe, expect, test } from 'vitest'
import { optionsSchema } from '../src/options.ts'
import { TYPE } from '../src/record/layout.ts'
import { Running } from '../src/running.ts'
import { type Feeds, ProcessSensor } from '../src/sensor.ts'
import { Records } from './records.ts'

function setUp() {
  const sensor = new ProcessSensor(optionsSchema.parse({}), () => 2_000_000_000_000n)
  sensor.table.loader = undefined
  const calls: string[] = []
  const attach = (name: string) => () => {
    calls.push(`attach ${name}`)
    return { wakeOn: (types: readonly number[]) => void calls.push(`wake on ${types}`), close: () => void calls.push(`close ${name}`) }
  }
  const feedsOf = (who: string) => {
    const feed = { emit: () => void calls.push(`event to ${who}`) }
    return { exec: feed, fork: feed, exit: feed, lost: { emit: () => {} }, released: () => {} } as Feeds
  }
  const exec = () => {
    const records = new Records(4096)
    records.exec(10, '/bin/true')
    sensor.consume(records.memory, 0, records.writer.end)
  }
  return { running: new Running(sensor), sensor, calls, attach, feedsOf, exec }
}

describe('from one composition to the next', () => {
  test('the flavour goes on, events go to the new one, and the old one cannot stop it', async () => {
    const { running, calls, attach, feedsOf, exec, sensor } = setUp()
    const [old, next] = [{}, {}]
    await running.start('a', old, feedsOf('old'), attach('a'), false)
    exec()
    await running.start('a', next, feedsOf('next'), attach('a'), false)
    running.stop(old)
    exec()
    expect(sensor.table.find(10)).not.toBe(0)
    running.stop(next)
    exec()
    expect(calls).toEqual(['attach a', `wake on ${TYPE.EXEC}`, 'event to old', 'event to next', 'close a'])
  })

  test('another flavour takes the place of the first', async () => {
    const { running, calls, attach, feedsOf } = setUp()
    await running.start('a', {}, feedsOf('old'), attach('a'), false)
    await running.start('b', {}, feedsOf('next'), attach('b'), false)
    running[Symbol.dispose]()
    running[Symbol.dispose]()
    expect(calls.filter((call) => !call.startsWith('wake'))).toEqual(['attach a', 'close a', 'attach b', 'close b'])
  })

  test('what fails to attach leaves the way free for the next flavour', async () => {
    const { running, calls, attach, feedsOf } = setUp()
    const owner = {}
    const broken = () => {
      throw new Error('not here')
    }
    await expect(running.start('a', owner, feedsOf('x'), broken, false)).rejects.toThrow('not here')
    running.stop(owner)
    await running.start('b', owner, feedsOf('x'), attach('b'), false)
    expect(calls[0]).toBe('attach b')
    running.stop(owner)
  })

  test('who wants forks or exits at once has them wake the reader', async () => {
    const { running, calls, attach, feedsOf } = setUp()
    const want = (...types: readonly (readonly [string, boolean])[]): InterestSet => ({
      generation: 1,
      byType: new Map(types.map(([type, urgent]) => [type, [{ plugin: 'p', condition: { op: 'always' }, urgent }]])),
    })
    running.interests(want(['fork', true], ['exit', false]))
    await running.start('a', {}, feedsOf('x'), attach('a'), false)
    running.interests(want(['exit', true]))
    expect(calls).toEqual(['attach a', `wake on ${TYPE.EXEC},${TYPE.FORK}`, `wake on ${TYPE.EXEC},${TYPE.EXIT}`])
    running[Symbol.dispose]()
  })
})
