import { spawn } from 'node:child_process'
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { openDatabase, privateFolder } from '../../src/delivery/store/database.ts'
import { lockState } from '../../src/delivery/store/lock.ts'
import { signalMigrations } from '../../src/delivery/store/migrations.ts'
import { StateDatabase } from '../../src/delivery/store/state-store.ts'
import type { MessageRow } from '../../src/delivery/store/store-rows.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { headOf } from '../../src/signals/signal-line.ts'
import { ulid } from '../../src/signals/ulid.ts'
import {
  bodyOf,
  conversationOf,
  memoryLog,
  messageOf,
  owedIn,
  put,
  signalOf,
  storeIn,
  temporaryFolder,
  until,
} from '../fixtures/delivery.ts'

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('the store of signals', () => {
  it('keeps the newest revision and what is owed, for the agent alone', () => {
    using folder = temporaryFolder()
    const signal = signalOf()
    {
      using store = storeIn(folder.path)
      put(store, signal, ['siem', 'slack'])
      put(store, { ...signal, revision: 2, count: 7 }, ['siem'])
      store.write({ op: 'claim', message: messageOf(signal), conversations: [conversationOf(signal, 'siem', { key_revision: 1 })] })
      for (const name of readdirSync(folder.path)) expect(modeOf(join(folder.path, name))).toBe('600')
    }
    using store = storeIn(folder.path)
    expect(store.signals(10)).toMatchObject([{ id: signal.id, revision: 2, count: 7, severity: 3 }])
    expect(store.pending('slack', false)).toMatchObject([{ conversation: { wanted: 1, due: 0 }, head: { revision: 2, count: 7 } }])
    expect(store.conversation(signal.id, 'siem')).toMatchObject({ wanted: 1, key_revision: 1 })
    expect(store.message(`${signal.id}:1:siem`)).toEqual(expect.objectContaining({ body: bodyOf(signal), reason: 'opened' }))
    expect([...store.owed()]).toEqual([
      ['siem', 1],
      ['slack', 1],
    ])
  })

  it.each([
    ['how many', { dead: 3 }, 10, 3],
    ['how large together', { deadBytes: 2_500 }, 1_000, 2],
  ])('keeps of what was refused for good the newest: %s', (_, limits, bytes, kept) => {
    using folder = temporaryFolder()
    using store = storeIn(folder.path, { limits })
    for (let at = 1; at <= 5; at++) {
      const signal = signalOf()
      put(store, signal)
      const dead = {
        key: `key-${at}`,
        destination: 'siem',
        signal: signal.id,
        revision: 1,
        body: 'é'.repeat(bytes / 2),
        reason: 'HTTP 400',
        at,
        in_part: 0,
      } as const
      store.write({ op: 'settle', key: dead.key, conversations: [], dead })
    }
    expect(store.dead(10).map(({ key }) => key)).toEqual(['key-5', 'key-4', 'key-3'].slice(0, kept))
    expect(store.deadCount()).toBe(kept)
  })

  it('keeps what was refused in part no longer than what was refused as a whole', () => {
    using folder = temporaryFolder()
    using store = storeIn(folder.path, { limits: { dead: 3 } })
    const row = { destination: 'mail', signal: signalOf().id, revision: 1, body: 'body', reason: 'no such user' }
    for (let at = 1; at <= 6; at++) {
      const dead = { ...row, key: `key-${at}`, at, in_part: at > 2 ? 1 : 0 } as const
      store.write({ op: 'settle', key: dead.key, conversations: [], dead })
    }
    expect(store.dead(10).map(({ key }) => key)).toEqual(['key-6', 'key-2', 'key-1'])
  })

  it('follows the tries of a message to its end', () => {
    using folder = temporaryFolder()
    const [a, b] = [signalOf(), signalOf()]
    {
      using store = storeIn(folder.path)
      for (const signal of [a, b]) {
        put(store, signal)
        store.write({ op: 'claim', message: messageOf(signal), conversations: [] })
      }
      const key = `${a.id}:1:siem`
      store.write({ op: 'progress', key, progress: { attempt: 3, not_before: 99, backoff: 5, state: 'ambiguous', last_error: 'late' } })
      const dead = {
        key: `${b.id}:1:siem`,
        destination: 'siem',
        signal: b.id,
        revision: 1,
        body: bodyOf(b),
        reason: 'HTTP 400',
        at: 1,
        in_part: 0,
      } as const
      store.write({ op: 'settle', key: dead.key, conversations: [conversationOf(b, 'siem', { due: null })], dead })
    }
    using store = storeIn(folder.path)
    expect([...store.messages('siem')]).toMatchObject([
      { signal: a.id, attempt: 3, not_before: 99, backoff: 5, state: 'ambiguous', last_error: 'late' },
    ])
    expect(store.dead(10)).toMatchObject([{ signal: b.id, reason: 'HTTP 400' }])
    store.write({ op: 'settle', key: `${a.id}:1:siem`, conversations: [conversationOf(a, 'siem', { due: null, told_revision: 1 })] })
    expect([...store.messages('siem')]).toEqual([])
    expect(owedIn(store)).toEqual([])
    expect(store.conversations(a.id)).toMatchObject([{ told_revision: 1 }])
  })

  it('keeps the order in which steps came, whatever texts and keys they get, and whatever the clock does', () => {
    using folder = temporaryFolder()
    using store = storeIn(folder.path)
    const signal = signalOf()
    put(store, signal)
    const raised = messageOf(signal, { key: 'raised', created: 2, state: 'waiting' })
    const claim = (message: MessageRow, replaces?: string) =>
      store.write({ op: 'claim', message, conversations: [], ...(replaces === undefined ? {} : { replaces }) })
    claim(raised)
    // The clock was set back.
    claim({ ...raised, key: 'archived', created: 1 })
    claim({ ...raised, state: 'sending' })
    expect([...store.messages('siem')].map(({ key }) => key)).toEqual(['raised', 'archived'])
    claim({ ...raised, key: 'raised, plainer', tier: 1 }, 'raised')
    expect([...store.messages('siem')].map(({ key }) => key)).toEqual(['raised, plainer', 'archived'])
  })

  it('reads messages one at a time: together they may be larger than memory', () => {
    using folder = temporaryFolder()
    using store = storeIn(folder.path)
    const signals = [signalOf(), signalOf(), signalOf()]
    for (const signal of signals) {
      put(store, signal)
      store.write({ op: 'claim', message: messageOf(signal), conversations: [] })
    }
    const seen: string[] = []
    for (const { signal } of store.messages('siem')) {
      // What is taken away meanwhile was not read yet.
      if (seen.length === 0) store.write({ op: 'settle', key: `${signals[1]?.id}:1:siem`, conversations: [] })
      seen.push(signal)
    }
    expect(seen).toEqual([signals[0]?.id, signals[2]?.id])
    expect([...store.messages('other')]).toEqual([])
  })

  it('is bounded: the oldest archived signals go first, then the oldest of all', () => {
    using folder = temporaryFolder()
    using store = storeIn(folder.path, { limits: { signals: 3 } })
    const ids = [1, 2, 3, 4, 5].map((time) => ulid(time))
    for (const [i, id] of ids.entries()) put(store, signalOf({ id, status: i === 1 ? 'archived' : 'open' }), [])
    expect(store.signals(10).map((row) => row.id)).toEqual([ids[4], ids[3], ids[2]])
    expect(store.removed).toBe(2)
    using small = storeIn(join(folder.path), { limits: { bytes: bodyOf(signalOf()).length * 2 } })
    put(small, signalOf(), [])
    expect(small.signals(10)).toHaveLength(2)
  })

  it('keeps evidence with its signal, which takes it along when it leaves', () => {
    using folder = temporaryFolder()
    const [old, kept, newest] = [1, 2, 3].map((time) => signalOf({ id: ulid(time) })) as [Signal, Signal, Signal]
    {
      using store = storeIn(folder.path, { limits: { signals: 2 } })
      for (const signal of [old, kept]) {
        put(store, signal, [])
        for (const body of ['{"a":1}', '{"b":2}']) store.write({ op: 'evidence', evidence: { signal: signal.id, body } })
      }
      store.write({ op: 'evidence', evidence: { signal: ulid(9), body: '{"of":"nobody"}' } })
      expect(store.evidence(ulid(9))).toEqual([])
      expect(store.evidenceRemoved).toBe(0)
      put(store, newest, [])
      expect(store.evidenceRemoved).toBe(2)
    }
    const bytes = bodyOf(kept).length * 2 + 1000
    using store = storeIn(folder.path, { limits: { bytes } })
    expect(store.evidence(old.id)).toEqual([])
    expect(store.evidence(kept.id)).toEqual(['{"a":1}', '{"b":2}'])
    // Evidence counts, and leaves before any signal does: the oldest first.
    const large = 'x'.repeat(990)
    store.write({ op: 'evidence', evidence: { signal: newest.id, body: large } })
    expect(store.evidence(kept.id)).toEqual(['{"b":2}'])
    store.write({ op: 'evidence', evidence: { signal: newest.id, body: 'x'.repeat(2000) } })
    expect([kept.id, newest.id].map((id) => store.evidence(id))).toEqual([[], []])
    expect(store.signals(10).map(({ id }) => id)).toEqual([newest.id, kept.id])
    expect([store.removed, store.evidenceRemoved]).toEqual([0, 4])
  })

  it('what people said of a signal stays when it grows', () => {
    using folder = temporaryFolder()
    const signal = signalOf()
    {
      using store = storeIn(folder.path)
      put(store, signal, [])
      store.write({ op: 'judge', signal: signal.id, status: 'archived' })
      put(store, { ...signal, revision: 2, count: 9 }, [])
    }
    using store = storeIn(folder.path)
    expect(store.signal(signal.id)).toMatchObject({ status: 'archived', revision: 2, count: 9 })
    expect(store.signals(10, 0, null, 'open acknowledged')).toEqual([])
    expect(store.signals(10, 0, null, 'archived')).toHaveLength(1)
  })

  it('a rise of severity opens it anew, whatever people said of less', () => {
    using folder = temporaryFolder()
    using store = storeIn(folder.path)
    const signal = signalOf()
    put(store, signal, [])
    store.write({ op: 'judge', signal: signal.id, status: 'archived' })
    put(store, { ...signal, revision: 2, severity: 'critical' }, [])
    expect(store.signal(signal.id)).toMatchObject({ status: 'open', severity: 4 })
  })

  it('of those that leave to make room, those that nobody was told of are the last', () => {
    using folder = temporaryFolder()
    using store = storeIn(folder.path, { limits: { signals: 2 } })
    const [owed, told, newest] = [1, 2, 3].map((time) => signalOf({ id: ulid(time) })) as [Signal, Signal, Signal]
    put(store, owed)
    put(store, told, [])
    put(store, newest, [])
    expect(store.signals(10).map(({ id }) => id)).toEqual([newest.id, owed.id])
    for (const time of [4, 5]) put(store, signalOf({ id: ulid(time) }))
    expect(store.conversation(owed.id, 'siem')).toBeUndefined()
  })

  it('filters by severity and rule, newest first', () => {
    using folder = temporaryFolder()
    using store = storeIn(folder.path)
    const low = signalOf({ id: ulid(1), severity: 'low' })
    const high = signalOf({ id: ulid(2), rule: { id: 'other', name: 'Other' } })
    put(store, low)
    put(store, high)
    expect(store.signals(10, 3).map((row) => row.id)).toEqual([high.id])
    expect(store.signals(10, 0, low.rule.id).map((row) => row.id)).toEqual([low.id])
    expect(store.signals(1).map((row) => row.id)).toEqual([high.id])
  })

  it('moves a corrupt file aside, loudly, and keeps what can be read of the outbox [case 15]', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'signals.db')
    {
      using store = storeIn(folder.path)
      for (let i = 0; i < 50; i++) put(store, signalOf())
    }
    // The root page of the index over signals: the outbox stays readable.
    const database = new DatabaseSync(file)
    const { rootpage } = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name='signals_archived'").get() as { rootpage: number }
    const { page_size: size } = database.prepare('PRAGMA page_size').get() as { page_size: number }
    database.close()
    overwrite(file, (rootpage - 1) * size, Buffer.alloc(size, 0xab))
    const log = memoryLog()
    using store = storeIn(folder.path, { log })
    expect(store.error).toBeUndefined()
    expect(log.lines.join('\n')).toMatch(/error: the store was corrupt/)
    expect(owedIn(store)).toHaveLength(50)
    expect(readdirSync(folder.path).some((name) => name.startsWith('signals.db.corrupt-'))).toBe(true)
    put(store, signalOf())
    expect(store.signals(100)).toHaveLength(51)
  })

  it('begins anew over a file that is no database at all', () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'signals.db'), 'this was never a database, and it is long enough to be looked at as one'.repeat(20))
    using store = storeIn(folder.path)
    put(store, signalOf())
    expect(store.signals(10)).toHaveLength(1)
  })

  it('is brought to a newer form with all that is in it; what goes wrong on the way leaves it as it was', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'signals.db')
    const signal = signalOf()
    {
      using store = storeIn(folder.path)
      put(store, signal)
    }
    const newer = [...signalMigrations, 'ALTER TABLE signals ADD COLUMN note TEXT', 'CREATE TABLE notes (rule TEXT) STRICT']
    const version = () => {
      const database = new DatabaseSync(file)
      const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number }
      database.close()
      return found
    }
    const wrong = [...newer.slice(0, -1), 'CREATE TABLE signals (id TEXT)']
    expect(() => openDatabase(file, wrong)).toThrow(/already exists/)
    expect(version()).toBe(signalMigrations.length)
    for (let start = 0; start < 2; start++) {
      const database = openDatabase(file, newer)
      expect(database.prepare('SELECT id, note FROM signals').all()).toEqual([{ id: signal.id, note: null }])
      expect(database.prepare('SELECT due FROM conversations').all()).toHaveLength(1)
      database.close()
    }
    expect(version()).toBe(newer.length)
    expect(() => storeIn(folder.path)).toThrow(/newer version/)
  })

  it('takes over what a version without conversations owed', () => {
    using folder = temporaryFolder()
    const [untried, tried, grown, gone] = [1, 2, 3, 4].map((time) => signalOf({ id: ulid(time) })) as [Signal, Signal, Signal, Signal]
    {
      const database = openDatabase(join(folder.path, 'signals.db'), signalMigrations.slice(0, 2))
      const tables =
        'INSERT INTO signals (id, rule, severity, status, revision, first_seen, last_seen, count, bytes, body) VALUES (?,?,?,?,?,?,?,?,?,?)'
      const store = (signal: Signal) => {
        const { id, rule, severity, status, revision, first_seen, last_seen, count } = headOf(signal)
        database.prepare(tables).run(id, rule, severity, status, revision, first_seen, last_seen, count, 9, bodyOf(signal))
      }
      const owe = (signal: Signal, attempt: number, state: string) =>
        database
          .prepare('INSERT INTO outbox VALUES (?,?,?,?,?,?,?,?,?,?,?,?)')
          .run(`${signal.id}:${signal.revision}:siem`, 'siem', signal.id, signal.revision, 3, bodyOf(signal), 1, attempt, 5, 5, state, null)
      for (const signal of [untried, tried, { ...grown, revision: 3, count: 9 }]) store(signal)
      owe(untried, 0, 'waiting')
      owe(tried, 2, 'failed')
      owe({ ...grown, revision: 2 }, 1, 'sending')
      owe({ ...grown, revision: 3 }, 0, 'waiting')
      owe(gone, 0, 'waiting')
      database.close()
    }
    using store = storeIn(folder.path)
    expect(owedIn(store).sort()).toEqual([untried, tried, grown, gone].map(({ id }) => id))
    // What may have arrived keeps its key and its bytes; so does what there is no signal of any more.
    expect([...store.messages('siem')].map(({ key, state, body }) => [key, state, body])).toEqual(
      [
        [tried, 1, 'ambiguous'],
        [grown, 2, 'ambiguous'],
        [gone, 1, 'failed'],
      ].map(([signal, revision, state]) => {
        const of = { ...(signal as Signal), revision: revision as number }
        return [`${of.id}:${revision}:siem`, state, bodyOf(of)]
      }),
    )
    expect(store.conversation(untried.id, 'siem')).toMatchObject({ told_revision: 0, key_revision: 0, key_count: 0, due: 0 })
    expect(store.conversation(grown.id, 'siem')).toMatchObject({ told_revision: 1, told_status: 'open', key_revision: 2, key_count: 1 })
  })

  it('refuses a file of a newer version instead of guessing', () => {
    using folder = temporaryFolder()
    const database = openDatabase(join(folder.path, 'signals.db'), signalMigrations)
    database.exec('PRAGMA user_version=99')
    database.close()
    expect(() => storeIn(folder.path)).toThrow(expect.objectContaining({ code: 'CWS_ERR_STATE_DIR' }))
  })

  it('is as it was after a rehearsal', () => {
    using folder = temporaryFolder()
    using store = storeIn(folder.path, { limits: { signals: 1 } })
    const real = signalOf()
    put(store, real)
    for (let i = 0; i < 5; i++) store.rehearse({ ...headOf(signalOf()), body: bodyOf(signalOf()) })
    // Not even one of the same id is overwritten.
    store.rehearse({ ...headOf({ ...real, revision: 9 }), body: 'x' })
    expect(store.signals(10)).toMatchObject([{ id: real.id, revision: 1, body: bodyOf(real) }])
    expect([store.stored, store.removed, store.error]).toEqual([1, 0, undefined])
    expect(owedIn(store)).toEqual([real.id])
    put(store, { ...real, revision: 2 })
    expect(store.signals(10)).toMatchObject([{ revision: 2 }])
    expect(store.removed).toBe(0)
  })

  it('that is broken is neither mended nor made worse by a rehearsal', async () => {
    using folder = temporaryFolder()
    const log = memoryLog()
    using store = storeIn(folder.path, { log, recoverMs: 20 })
    const other = new DatabaseSync(join(folder.path, 'signals.db'))
    other.exec('BEGIN IMMEDIATE')
    const real = signalOf()
    put(store, real)
    const { error } = store
    const told = [...log.lines]
    for (let i = 0; i < 5; i++) store.rehearse({ ...headOf(signalOf()), body: bodyOf(signalOf()) })
    expect([store.error, log.lines]).toEqual([error, told])
    expect(error).toMatch(/locked/)
    other.exec('ROLLBACK')
    other.close()
    await until(() => store.error === undefined, 'the store to recover')
    expect(store.signals(10)).toMatchObject([{ id: real.id }])
    expect(store.stored).toBe(1)
  })

  it('goes on in memory while the file refuses, says so once, and catches up', async () => {
    using folder = temporaryFolder()
    const log = memoryLog()
    using store = storeIn(folder.path, { log, recoverMs: 20 })
    const before = signalOf()
    put(store, before)
    const other = new DatabaseSync(join(folder.path, 'signals.db'))
    other.exec('BEGIN IMMEDIATE')
    const [delivered, owed] = [signalOf(), signalOf()]
    const siem = {
      name: 'siem',
      failures: 5,
      opened_at: 3,
      probe_at: 9,
      backoff: 6,
      is_broken: 1,
      last_error: 'down',
      last_error_at: '2026-11-30T10:00:00.000Z',
    } as const
    put(store, delivered)
    put(store, owed)
    for (const signal of [delivered, before]) {
      store.write({ op: 'claim', message: messageOf(signal), conversations: [] })
      store.write({ op: 'settle', key: `${signal.id}:1:siem`, conversations: [conversationOf(signal, 'siem', { due: null })] })
    }
    store.write({ op: 'claim', message: messageOf(owed), conversations: [] })
    store.write({ op: 'destination', destination: siem })
    store.write({ op: 'clock', offset: 7 })
    store.write({ op: 'evidence', evidence: { signal: owed.id, body: '{}' } })
    store.write({ op: 'judge', signal: before.id, status: 'archived' })
    expect(store.evidence(owed.id)).toEqual(['{}'])
    expect(store.error).toMatch(/locked/)
    expect(store.message(`${owed.id}:1:siem`)?.body).toBe(bodyOf(owed))
    expect(store.message(`${before.id}:1:siem`)).toBeUndefined()
    expect(store.conversation(delivered.id, 'siem')?.due).toBeNull()
    expect(store.signal(before.id)?.status).toBe('archived')
    expect(store.signals(10)).toHaveLength(3)
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1)
    other.exec('ROLLBACK')
    other.close()
    await until(() => store.error === undefined, 'the store to recover')
    expect(owedIn(store)).toEqual([owed.id])
    expect(store.destination('siem')).toEqual(expect.objectContaining(siem))
    expect(store.clockOffset()).toBe(7)
    expect(store.signals(10)).toHaveLength(3)
    expect(store.stored).toBe(3)
    expect(store.evidence(owed.id)).toEqual(['{}'])
    expect(store.signals(10, 0, null, 'archived').map(({ id }) => id)).toEqual([before.id])
  })
})

function overwrite(file: string, offset: number, bytes: Buffer): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, bytes, 0, bytes.length, offset)
  closeSync(fd)
}

describe('the folder and its lock', () => {
  it('is made for the agent alone, and refused if others can write', () => {
    using folder = temporaryFolder()
    privateFolder(join(folder.path, 'a/b'), 0o700)
    expect(modeOf(join(folder.path, 'a/b'))).toBe('700')
    const open = join(folder.path, 'open')
    mkdirSync(open)
    chmodSync(open, 0o777)
    expect(() => privateFolder(open, 0o700)).toThrow(expect.objectContaining({ code: 'CWS_ERR_STATE_DIR' }))
    writeFileSync(join(folder.path, 'file'), '')
    if (process.getuid?.() === 0) {
      const foreign = join(folder.path, 'foreign')
      mkdirSync(foreign, { mode: 0o700 })
      chownSync(foreign, 65534, 65534)
      expect(() => privateFolder(foreign, 0o700)).toThrow(expect.objectContaining({ code: 'CWS_ERR_STATE_DIR' }))
    }
    expect(() => privateFolder(join(folder.path, 'file'), 0o700)).toThrow(expect.objectContaining({ code: 'CWS_ERR_STATE_DIR' }))
  })

  it('lets one agent in, and the next one after a kill [case 16]', async () => {
    using folder = temporaryFolder()
    const source = `import { lockState } from ${JSON.stringify(new URL('../../src/delivery/store/lock.ts', import.meta.url).href)}
      globalThis.lock = lockState(${JSON.stringify(folder.path)}); console.log('locked'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const message = `another agent, process ${child.pid}, uses the state folder ${folder.path}`
    expect(() => lockState(folder.path)).toThrow(expect.objectContaining({ code: 'CWS_ERR_STATE_LOCKED', message }))
    child.kill('SIGKILL')
    await ended
    lockState(folder.path)[Symbol.dispose]()
  })
})

it('keeps the state of plugins', () => {
  using folder = temporaryFolder()
  const durable: number[] = []
  const state = new StateDatabase(folder.path, memoryLog(), (number) => durable.push(number))
  expect(state.load()).toEqual({})
  state.set('fim', 'baseline', '1', 1)
  state.set('fim', 'baseline', '2', 2)
  state.set('fim', 'gone', '1', 3)
  state.set('fim', 'gone', null, 4)
  state.set('__proto__', '__proto__', '"x"', 5)
  expect(durable).toEqual([])
  state.close()
  expect(durable).toEqual([5])
  const again = new StateDatabase(folder.path, memoryLog(), () => {})
  const loaded = again.load()
  expect(loaded['fim']).toEqual({ baseline: '2' })
  expect(Object.keys(loaded).sort()).toEqual(['__proto__', 'fim'])
  again.close()
})
