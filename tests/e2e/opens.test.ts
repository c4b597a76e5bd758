/** Opens of files that a rule names: by every alias, through replacement, while others open a great many. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { definePlugin, type Event, UNKNOWN } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import fim from '@cws/plugin-fim'
import processExec from '@cws/plugin-process-exec'
import { describe, expect, test } from 'vitest'
import { generator, run } from '../support/triggers.ts'
import { nested } from '../support/vantage.ts'

type Open = Event<'open'>

/** A folder, and a pipeline with a detector that names files in it. */
class Opens implements AsyncDisposable {
  readonly base: string
  readonly events: Open[] = []
  #pipeline: TestPipeline | undefined

  private constructor(base: string) {
    this.base = base
  }

  static async of(names: readonly string[], prepare?: (at: (...names: string[]) => string) => void): Promise<Opens> {
    const opens = new Opens(mkdtempSync(join(tmpdir(), 'cws-opens-')))
    prepare?.((...parts) => opens.at(...parts))
    const paths = names.map((name) => opens.at(name))
    const detector = definePlugin(import.meta, {
      name: 'detector',
      setup(ctx) {
        ctx.detect('open', { 'open.file.path': paths }, (event) => void opens.events.push(event.keep() as Open))
      },
    })
    mkdirSync(opens.at('watched'))
    opens.#pipeline = await TestPipeline.of([processExec(), fim({ watch: [opens.at('watched')] }), detector()])
    await opens.#pipeline.start()
    return opens
  }

  at(...names: string[]): string {
    return join(this.base, ...names)
  }

  get sensor() {
    return this.#pipeline!.runtime.sensors.find((one) => one.definition.sensor === 'opens')!
  }

  about(path: string): Open[] {
    return this.events.filter((one) => one.open.file.path === path)
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    await expect.poll(condition, { timeout: 20_000, interval: 2, message: what }).toBe(true)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pipeline?.stop()
    rmSync(this.base, { recursive: true })
    expect(this.#pipeline?.faults).toEqual([])
  }
}

const read = (path: string) => execFileSync('/bin/cat', [path])

describe('a listed file', () => {
  const ways = ['path', 'symlink', 'symlinked parent', '/proc/self/root', 'dirfd', 'hard link', 'bind mount', 'mount namespace', 'chroot']
  test('is seen to be opened whatever leads to it', async () => {
    await using opens = await Opens.of(['secret'], (at) => writeFileSync(at('secret'), 'x'))
    for (const way of [...ways, 'open_by_handle_at', 'O_PATH reopened', 'openat2']) {
      opens.events.length = 0
      const folder = mkdtempSync(opens.at('folder-'))
      run(generator('open_alias'), [way, opens.at('secret'), folder])
      await opens.until(way, () => opens.events.length > 0)
      const [event] = opens.events as [Open]
      expect([way, event.open.file.path, event.open.file.inode]).toEqual([
        way,
        opens.at('secret'),
        statSync(opens.at('secret'), { bigint: true }).ino,
      ])
      expect([event.open.flags, event.event.origin]).toEqual([UNKNOWN, 'fanotify'])
      if (!nested()) expect([event.process.file.name, event.process.certainty]).toEqual(['open_alias', 'exact'])
    }
  })

  test('and no other, and nothing while nobody names one', async () => {
    await using opens = await Opens.of(['a'], (at) => ['a', 'b'].forEach((name) => void writeFileSync(at(name), '')))
    read(opens.at('b'))
    read(opens.at('a'))
    await opens.until('a', () => opens.about(opens.at('a')).length > 0)
    expect(opens.events).toHaveLength(1)
    expect(opens.sensor.counts()['open']).toEqual({ seen: 1, filtered: 0, lost: 0 })
    const none = await TestPipeline.of([fim({ watch: [opens.at('watched')], opens: [opens.at('a')] })])
    await none.start()
    await none.stop()
    expect(none.runtime.sensors.find((one) => one.definition.sensor === 'opens')?.counts()['open']).toEqual({
      seen: 0,
      filtered: 0,
      lost: 0,
    })
  })

  test('is followed when it appears, is replaced, removed and made again, and in folders that come later', async () => {
    await using opens = await Opens.of(['one', 'keys/*/id_*'])
    const seen = async (path: string) => {
      opens.events.length = 0
      await expect
        .poll(
          () => {
            closeSync(openSync(path, 'r'))
            return opens.about(path).length
          },
          { timeout: 20_000, interval: 5 },
        )
        .toBeGreaterThan(0)
    }
    writeFileSync(opens.at('one'), '')
    await seen(opens.at('one'))
    writeFileSync(opens.at('new'), '')
    renameSync(opens.at('new'), opens.at('one'))
    await seen(opens.at('one'))
    unlinkSync(opens.at('one'))
    writeFileSync(opens.at('new'), '')
    linkSync(opens.at('new'), opens.at('one'))
    await seen(opens.at('one'))
    mkdirSync(opens.at('keys', 'me'), { recursive: true })
    writeFileSync(opens.at('keys', 'me', 'id_rsa'), '')
    await seen(opens.at('keys', 'me', 'id_rsa'))
    mkdirSync(opens.at('brought', 'x'), { recursive: true })
    writeFileSync(opens.at('brought', 'x', 'id_y'), '')
    renameSync(opens.at('brought', 'x'), opens.at('keys', 'x'))
    await seen(opens.at('keys', 'x', 'id_y'))
    writeFileSync(opens.at('keys', 'x', 'other'), '')
    readFileSync(opens.at('keys', 'x', 'other'))
    expect(opens.about(opens.at('keys', 'x', 'other'))).toEqual([])
    expect(opens.sensor.counts()['open']?.lost).toBe(0)
  })
})

test('while others open a great many files, each open of a listed one by a third is a finding', { timeout: 120_000 }, async () => {
  await using opens = await Opens.of(['secret'], (at) => ['secret', 'a', 'b'].forEach((name) => void writeFileSync(at(name), 'x')))
  const storm = spawn(generator('open_storm'), ['100000000', '2', opens.at('a'), opens.at('b')], { stdio: 'ignore' })
  try {
    for (let i = 0; i < 200; i++) run('/bin/cat', [opens.at('secret')])
    await opens.until('all', () => opens.events.length >= 200)
    expect(opens.events).toHaveLength(200)
    if (!nested()) for (const { process } of opens.events) expect([process.file.name, process.certainty]).toEqual(['cat', 'exact'])
  } finally {
    storm.kill('SIGKILL')
    await once(storm, 'exit')
  }
})
