import { AsyncLocalStorage } from 'node:async_hooks'
import type { LookupOptions } from 'node:dns'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Names, type Resolve } from '../../src/http/names.ts'

type Callback = Parameters<Resolve>[2]

let asked: { readonly host: string; readonly answer: Callback }[]
let names: Names

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  asked = []
  names = new Names((host, _, answer) => void asked.push({ host, answer }))
})
afterEach(() => vi.useRealTimers())

/** What was told, as soon as it is: an address, or the code of an error. */
function look(host: string, options: LookupOptions = {}): string[] {
  const told: string[] = []
  names.lookup(host, options, (error, address) => void told.push(error?.code ?? String(address)))
  return told
}
const failure = (code: string) => Object.assign(new Error(code), { code })
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

it('a name is asked for once at a time, whoever waits for it, and others at once [case 22]', async () => {
  const slow = [look('slow.test'), look('slow.test'), look('slow.test')]
  const quick = look('quick.test')
  const other = look('slow.test', { family: 6 })
  expect(asked.map(({ host }) => host)).toEqual(['slow.test', 'quick.test', 'slow.test'])
  asked[1]?.answer(null, '10.0.0.2', 4)
  await settled()
  expect([quick, ...slow]).toEqual([['10.0.0.2'], [], [], []])
  asked[0]?.answer(null, '10.0.0.1', 4)
  await settled()
  expect([...slow, other]).toEqual([['10.0.0.1'], ['10.0.0.1'], ['10.0.0.1'], []])
  look('slow.test')
  expect(asked).toHaveLength(4)
})

it('while no answer comes an earlier one serves, for an hour [case 22]', async () => {
  look('a.test')
  asked[0]?.answer(null, '10.0.0.1', 4)
  const again = look('a.test')
  expect(asked).toHaveLength(2)
  vi.advanceTimersByTime(29)
  expect(again).toEqual([])
  vi.advanceTimersByTime(1)
  expect(again).toEqual(['10.0.0.1'])
  // The one that comes late is what is known then, and is told to nobody twice.
  asked[1]?.answer(null, '10.0.0.2', 4)
  await settled()
  expect(again).toEqual(['10.0.0.1'])
  const later = look('a.test')
  vi.advanceTimersByTime(30)
  expect(later).toEqual(['10.0.0.2'])
  asked[2]?.answer(failure('EAI_AGAIN'), '')
  vi.advanceTimersByTime(60 * 60_000)
  const tooLate = look('a.test')
  vi.advanceTimersByTime(1_000)
  expect(tooLate).toEqual([])
})

it('an earlier answer serves where there is none now, and is forgotten where there is no such name', async () => {
  look('a.test')
  asked[0]?.answer(null, '10.0.0.1', 4)
  const again = look('a.test')
  asked[1]?.answer(failure('EAI_AGAIN'), '')
  await settled()
  expect(again).toEqual(['10.0.0.1'])
  const gone = [look('a.test')]
  asked[2]?.answer(failure('ENOTFOUND'), '')
  await settled()
  gone.push(look('a.test'))
  asked[3]?.answer(failure('EAI_AGAIN'), '')
  await settled()
  expect(gone).toEqual([['ENOTFOUND'], ['EAI_AGAIN']])
})

it('who waits is told as code of its own, and a throw of one is no matter of the others', async () => {
  const place = new AsyncLocalStorage<string>()
  const told: (string | undefined)[] = []
  const thrown: unknown[] = []
  const onThrow = (error: unknown) => void thrown.push(error)
  const before = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException').on('uncaughtException', onThrow)
  try {
    place.run('first', () =>
      names.lookup('a.test', {}, () => {
        throw new Error('mine')
      }),
    )
    place.run('second', () => names.lookup('a.test', {}, () => void told.push(place.getStore())))
    asked[0]?.answer(null, '10.0.0.1', 4)
    await settled()
    expect(told).toEqual(['second'])
    expect(thrown).toEqual([expect.objectContaining({ message: 'mine' })])
  } finally {
    process.removeListener('uncaughtException', onThrow)
    for (const listener of before) process.on('uncaughtException', listener)
  }
})

it('of very many names those asked for longest ago are forgotten, none that is waited for', async () => {
  const first = look('name-0.test')
  for (let i = 1; i < 2_000; i++) {
    look(`name-${i}.test`)
    asked[i]?.answer(null, '10.0.0.1', 4)
  }
  asked[0]?.answer(null, '10.0.0.9', 4)
  await settled()
  expect(first).toEqual(['10.0.0.9'])
  const [old, recent] = [look('name-1.test'), look('name-1999.test')]
  vi.advanceTimersByTime(30)
  expect([old, recent]).toEqual([[], ['10.0.0.1']])
})

it('a resolver that throws has failed', async () => {
  names = new Names(() => {
    throw failure('ERR_INVALID_ARG_TYPE')
  })
  const told = [look('a.test'), look('a.test')]
  await settled()
  expect(told).toEqual([['ERR_INVALID_ARG_TYPE'], ['ERR_INVALID_ARG_TYPE']])
})
