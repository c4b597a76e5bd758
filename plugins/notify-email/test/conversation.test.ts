import { TestNotifier } from '@cws/core/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { SignalStore } from '../../../core/src/delivery/store/store.ts'
import { Conversing } from '../../../core/test/fixtures/conversing.ts'
import { owedIn, signalOf } from '../../../core/test/fixtures/delivery.ts'
import email from '../src/index.ts'
import { ScriptedServer } from './scripted-server.ts'
import { plain } from './support.ts'

/*
 * The agent's own delivery, with its store and its clock, tells several people by mail: what each of them has at last.
 */

/** Answers to recipients, by the first letter of their address. */
const answers: Record<string, string> = {}
let server: ScriptedServer
let notifier: TestNotifier
let delivery: Conversing
let store: SignalStore
let telling: Conversing['telling']

beforeEach(async () => {
  for (const name of Object.keys(answers)) delete answers[name]
  server = await ScriptedServer.start((step, line) => (step === 'RCPT' ? answers[line.slice(9, 10)] : undefined))
  notifier = await TestNotifier.of(email(plain(server.port, { to: ['a@example.com', 'b@example.com'] })))
  delivery = new Conversing('email', notifier)
  ;({ store, telling } = delivery)
})

afterEach(async () => {
  await notifier.stop()
  delivery[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

async function until(condition: () => unknown): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns > 10_000) throw new Error(`waited, and have ${server.mails.length} mails, owe ${owedIn(store, 'email')}`)
    await vi.advanceTimersByTimeAsync(20)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** For whom the server was asked, in this order. */
const told = (): readonly string[] => server.lines.filter((line) => line.startsWith('RCPT')).map((line) => line.slice(9, 10))

const subjects = (): readonly (string | undefined)[] => server.mails.map((mail) => /^X-CWS-Reason: (.*?)\r?$/m.exec(mail)?.[1])

it.each(['acknowledged', 'archived'] as const)(
  'who has the first word hears that the signal was %s, though others were put off [case 26]',
  async (status) => {
    const signal = signalOf()
    answers['b'] = '450 4.2.0 Greylisted'
    delivery.offer(signal)
    await until(() => server.mails.length === 1)
    delivery.judge(signal, status)
    await until(() => told().length > 2)
    delete answers['b']
    await until(() => owedIn(store, 'email').length === 0)
    expect(subjects()).toEqual([...Array(server.mails.length - 1).fill('opened'), status])
    expect(told().slice(-3)).toEqual(['b', 'a', 'b'])
  },
)

it('a recipient who is refused for good is counted and kept with what was refused; a replay tells all again', async () => {
  const signal = signalOf()
  answers['b'] = '550 5.1.1 No such user'
  delivery.offer(signal)
  await until(() => owedIn(store, 'email').length === 0)
  const queue = telling.queue('email')
  const reason = 'taken for 1, refused for b@example.com: SMTP 550 5.1.1 No such user'
  expect(queue?.counters).toMatchObject({ state: 'ok', delivered: 1, failed: 1, refused: 1, lastError: reason })
  expect(store.dead(9)).toMatchObject([{ signal: signal.id, destination: 'email', reason, in_part: 1 }])
  expect(store.isDead(signal.id, 'email')).toBe(false)
  expect(store.conversation(signal.id, 'email')).toMatchObject({ told_revision: 1 })
  delete answers['b']
  queue?.replay(signal.id)
  await until(() => owedIn(store, 'email').length === 0)
  expect(told()).toEqual(['a', 'b', 'a', 'b'])
  expect(queue?.counters).toMatchObject({ delivered: 2, failed: 1, refused: 1 })
})
