import { expect, it } from 'vitest'
import type { SignalStore } from '../../src/delivery/store/store.ts'
import { ChangeNotices, oweNotice } from '../../src/delivery/telling/change-notices.ts'
import { subjects } from '../../src/delivery/telling/notice-kinds.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { storeIn, temporaryFolder } from '../fixtures/delivery.ts'

const HOUR = 3_600_000
const EVERY = 10 * 60_000
const start = Date.now()

class Post {
  readonly got: [destination: string, notice: Signal][] = []
  readonly absent = new Set<string>()
  readonly store: SignalStore
  #notices: ChangeNotices

  constructor(store: SignalStore) {
    this.store = store
    this.#notices = this.begin()
  }

  /** As an agent does that starts. */
  begin(): ChangeNotices {
    this.#notices = new ChangeNotices(this.store, (destination, notice) => {
      if (this.absent.has(destination)) return false
      this.got.push([destination, notice])
      return true
    })
    return this.#notices
  }

  change(text: string, at: number, destination = 'team', subject = 'rule x', weight = 0): void {
    this.store.administer((database) => oweNotice(database, { destination, subject, title: `${subject} was changed`, text, weight }, at))
    this.#notices.tell(at)
  }

  tell(at: number): readonly string[] {
    this.#notices.tell(at)
    return this.got.splice(0).map(([destination, { title, message }]) => `${destination}: ${title}: ${message}`)
  }
}

it('tells at once, then after ten minutes what came meanwhile with its count; also over a restart', () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  const post = new Post(store)
  post.change('one.', start)
  expect(post.tell(start)).toEqual(['team: rule x was changed: one.'])
  for (let i = 0; i < 25; i++) post.change(`c${i}.`, start + i)
  post.change('y.', start, 'team', 'rule y')
  post.change('z.', start, 'siem')
  expect(post.tell(start + 100)).toEqual(['team: rule y was changed: y.', 'siem: rule x was changed: z.'])
  post.begin()
  expect(post.tell(start + EVERY - 1)).toEqual([])
  const lines = 'c0. c1. c2. c3. c4. c20. c21. c22. c23. c24.'
  expect(post.tell(start + EVERY + 30)).toEqual([
    `team: rule x was changed, and 24 more changes: There were 15 more changes besides these. ${lines}`,
  ])
  expect(post.tell(start + 3 * HOUR)).toEqual([])
  expect(store.consult((database) => database.prepare('SELECT * FROM notices').all())).toEqual([])
})

it('what takes more than what was told just now is told at once, also over a restart', () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  const post = new Post(store)
  const texts = (at: number) => post.tell(at).map((text) => text.replace(/^.*changed/, ''))
  post.change('harmless.', start, 'team', 'mutes', 1)
  expect(texts(start)).toEqual([': harmless.'])
  post.change('harmless too.', start + 1, 'team', 'mutes', 1)
  expect(texts(start + 1)).toEqual([])
  post.begin()
  post.change('worse.', start + 2, 'team', 'mutes', 2)
  expect(texts(start + 2)).toEqual([', and 1 more change: harmless too. worse.'])
  post.change('as bad.', start + 3, 'team', 'mutes', 2)
  expect(texts(start + 3)).toEqual([])
  post.change('worst.', start + 4, 'team', 'mutes', 3)
  expect(texts(start + 4)).toEqual([', and 1 more change: as bad. worst.'])
  post.change('harmless again.', start + 5, 'team', 'mutes', 1)
  expect(texts(start + EVERY + 3)).toEqual([])
  expect(texts(start + EVERY + 4)).toEqual([': harmless again.'])
  post.change('worse again.', start + EVERY + 5, 'team', 'mutes', 2)
  expect(texts(start + EVERY + 5)).toEqual([': worse again.'])
})

it('what is folded has the title of the gravest, as long as it takes', () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  const owe = (title: string, weight: number) =>
    store.administer((database) =>
      oweNotice(database, { destination: 'team', subject: subjects.untold('siem'), title, text: 'x', weight }, start),
    )
  owe('high', 3)
  owe(`critical ${'x'.repeat(1_000)}`, 4)
  owe('high too', 3)
  const post = new Post(store)
  post.begin().tell(start)
  const [[, notice]] = post.got as [[string, Signal]]
  expect(notice).toMatchObject({ severity: 'critical', title: expect.stringMatching(/^critical x{290,}, and 2 more signals$/), count: 3 })
})

it('what is taken from somebody is worth a warning, that it ends is not', () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  const post = new Post(store)
  for (const subject of [subjects.rule('x'), subjects.mutes, subjects.ends]) post.change('x', start, 'team', subject)
  expect(post.got.map(([, { severity }]) => severity)).toEqual(['medium', 'medium', 'low'])
})

it('waits for a destination that is not there, for a week; a clock that was set back holds nothing up', () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  const post = new Post(store)
  for (const name of ['team', 'old']) {
    post.absent.add(name)
    post.change('one.', start, name)
  }
  expect(post.tell(start + HOUR)).toEqual([])
  post.absent.delete('team')
  expect(post.tell(start + 24 * HOUR)).toEqual(['team: rule x was changed: one.'])
  post.change('two.', start)
  expect(post.tell(start)).toEqual(['team: rule x was changed: two.'])
  expect(post.tell(start + 8 * 24 * HOUR)).toEqual([])
  post.absent.delete('old')
  expect(post.tell(start + 8 * 24 * HOUR)).toEqual([])
})

it('what waited for more than a week since no agent ran, or by a clock that was set forward, is told where its destination is there', () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  store.administer((database) =>
    oweNotice(database, { destination: 'team', subject: 'rule x', title: 'x was disabled', text: 'x.' }, start),
  )
  const post = new Post(store)
  expect(post.tell(start + 8 * 24 * HOUR)).toEqual(['team: x was disabled: x.'])
})

it('a line and a title that are too long are cut between characters', () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  const post = new Post(store)
  post.change(`${'x'.repeat(999)}😀`, start, 'team', `${'y'.repeat(299)}😀`)
  const [[, notice] = []] = post.got
  expect([notice?.title.length, notice?.title.isWellFormed(), notice?.message.length, notice?.message.isWellFormed()]).toEqual([
    300,
    true,
    1_000,
    true,
  ])
})

it('what comes after it, as grave or not, hides nothing', () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  const post = new Post(store)
  const judge = (id: string, weight: number) =>
    store.administer((database) =>
      oweNotice(database, { destination: 'team', subject: subjects.judged, title: `${id} was archived`, text: `${id}.`, weight }, start),
    )
  const decoys = (name: string, weight: number) => {
    for (let i = 0; i < 30; i++) judge(`${name}${i}`, weight)
  }
  judge('decoy', 4)
  expect(post.tell(start)).toEqual(['team: decoy was archived: decoy.'])
  judge('real', 4)
  decoys('as grave', 4)
  expect(post.tell(start + EVERY)).toEqual([
    'team: real was archived, and 30 more signals: There were 21 more signals besides these. ' +
      'real. as grave0. as grave1. as grave2. as grave3. as grave25. as grave26. as grave27. as grave28. as grave29.',
  ])
  expect(post.got).toEqual([])
  decoys('before', 3)
  judge('real', 4)
  decoys('after', 3)
  const [text] = post.tell(start + 2 * EVERY)
  expect(text).toMatch(
    /^team: real was archived, and 60 more signals: There were 51 more signals besides these\. before0\. .* real\. .* after29\.$/,
  )
})

it('of what ten graver ones leave no place for the number stands there', () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  const post = new Post(store)
  post.change('told.', start, 'team', 'mutes', 3)
  post.change('first.', start, 'team', 'mutes', 1)
  for (let i = 0; i < 10; i++) post.change(`grave${i}.`, start, 'team', 'mutes', 2)
  post.tell(start)
  const [text] = post.tell(start + EVERY)
  expect(text).toMatch(/There was 1 more change besides these\. grave0\. .* grave9\.$/)
})

it('lines that an earlier version wrote, without weights, are as grave as the gravest of them', () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  const owe = (text: string, weight: number) =>
    store.administer((database) =>
      oweNotice(database, { destination: 'team', subject: subjects.judged, title: `${text} title`, text, weight }, start),
    )
  owe('old0.', 4)
  const lines = JSON.stringify(Array.from({ length: 10 }, (_, i) => `old${i}.`))
  store.administer((database) => database.prepare('UPDATE notices SET lines=?, count=12').run(lines))
  owe('new.', 3)
  const post = new Post(store)
  expect(post.tell(start)).toEqual([
    'team: old0. title, and 12 more signals: There were 3 more signals besides these. ' +
      'old0. old1. old2. old3. old4. old5. old6. old7. old8. old9.',
  ])
})
