/** Changes of files by every flavour of the file sensor, on the running kernel. */
import { execFile, execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { UNKNOWN } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import fim from '@cws/plugin-fim'
import processExec from '@cws/plugin-process-exec'
import { describe, expect, test } from 'vitest'
import { type Change, FileChanges, fileFlavours, knowsAuthors, recorderInto } from '../support/file-changes.ts'
import { temporaryFolder } from '../support/triggers.ts'

describe.each(fileFlavours)('$name', (flavour) => {
  describe('kinds of change', () => {
    test('created, modified, attributes, linked, deleted', async () => {
      await using files = await FileChanges.watch({ flavour })
      const { events } = files
      const a = files.at('a')
      writeFileSync(a, 'one')
      const created = await files.seen('created', a)
      expect(created.change.file.name).toBe('a')
      expect(created.change.file.inode).toBe(statSync(a, { bigint: true }).ino)
      expect(created.event.origin).toBe(flavour.name)
      events.length = 0
      appendFileSync(a, 'two')
      // What the first was written with may be told of by itself, and late.
      await files.until('its new size is told', () => files.about('modified', a).some((one) => one.change.file.size === 6n))
      chmodSync(a, 0o4711)
      expect((await files.seen('attributes', a)).change.file.rights).toBe(0o4711)
      linkSync(a, files.at('b.txt'))
      expect((await files.seen('linked', files.at('b.txt'))).change.file.extension).toBe('.txt')
      unlinkSync(a)
      expect((await files.seen('deleted', a)).change.file.inode).toBe(UNKNOWN)
      expect(files.about('created', a)).toEqual([])
    })

    test('renamed has both names, and each where the other is elsewhere', async () => {
      await using files = await FileChanges.watch({ flavour })
      const outside = files.outside()
      writeFileSync(files.at('a'), '')
      renameSync(files.at('a'), files.at('b'))
      expect((await files.seen('renamed', files.at('a'))).change.file.destination.path).toBe(files.at('b'))
      renameSync(files.at('b'), join(outside, 'c'))
      // The kernel may tell it all the same.
      expect([UNKNOWN, join(outside, 'c')]).toContain((await files.seen('renamed', files.at('b'))).change.file.destination.path)
      renameSync(join(outside, 'c'), files.at('d'))
      await files.until('it comes in', () => files.events.some((one) => one.change.file.destination.path === files.at('d')))
    })

    test('names are bytes', async () => {
      await using files = await FileChanges.watch({ flavour })
      writeFileSync(files.at('new\nline'), '')
      await files.seen('created', files.at('new\nline'))
      writeFileSync(Buffer.concat([Buffer.from(`${files.folder}/`), Buffer.from([0x61, 0xff])]), '')
      await files.seen('created', files.at('a\\xff'))
    })
  })

  describe('what is watched', () => {
    test('folders that are made, filled at once, moved here, or deleted and made again', async () => {
      await using files = await FileChanges.watch({ flavour, paths: ['tree'] })
      const tree = (...names: string[]) => files.at('tree', ...names)
      // It is not there yet.
      execFileSync('/bin/sh', ['-c', 'mkdir -p "$0/tree/a/b/c" && echo x > "$0/tree/a/b/c/file"', files.folder])
      for (const path of ['a', 'a/b', 'a/b/c', 'a/b/c/file']) await files.seen('created', tree(path))
      const outside = files.outside()
      mkdirSync(join(outside, 'deep'))
      writeFileSync(join(outside, 'deep', 'brought'), '')
      renameSync(outside, tree('moved'))
      await files.seen('created', tree('moved', 'deep', 'brought'))
      writeFileSync(tree('moved', 'deep', 'later'), '')
      await files.seen('created', tree('moved', 'deep', 'later'))
      rmSync(tree(), { recursive: true })
      await files.seen('deleted', tree())
      files.events.length = 0
      mkdirSync(tree())
      await files.seen('created', tree())
      writeFileSync(tree('again'), '')
      await files.seen('created', tree('again'))
      expect(files.about('created', tree()).length).toBe(1)
    })

    test('a folder that is renamed within is told by its new name, with all below it', async () => {
      await using files = await FileChanges.watch({ flavour, prepare: (at) => mkdirSync(at('old', 'deep'), { recursive: true }) })
      renameSync(files.at('old'), files.at('new'))
      expect((await files.seen('renamed', files.at('old'))).change.file.destination.path).toBe(files.at('new'))
      writeFileSync(files.at('new', 'deep', 'file'), '')
      await files.seen('created', files.at('new', 'deep', 'file'))
    })

    test('a folder that is moved away is left alone, and one that takes its name is watched', async () => {
      await using files = await FileChanges.watch({ flavour, prepare: (at) => mkdirSync(at('there', 'deep'), { recursive: true }) })
      const outside = files.outside()
      renameSync(files.at('there'), join(outside, 'gone'))
      await files.seen('renamed', files.at('there'))
      mkdirSync(files.at('there', 'deep'), { recursive: true })
      await files.seen('created', files.at('there', 'deep'))
      writeFileSync(join(outside, 'gone', 'deep', 'unseen'), '')
      writeFileSync(files.at('there', 'deep', 'seen'), '')
      await files.seen('created', files.at('there', 'deep', 'seen'))
      expect(files.events.filter((one) => String(one.change.file.path).endsWith('unseen'))).toEqual([])
    })

    test('a watched folder that is moved with a folder far above it, and what takes its place', async () => {
      const prepare = (at: (...names: string[]) => string) => mkdirSync(at('a', 'b', 'watched'), { recursive: true })
      await using files = await FileChanges.watch({ flavour, paths: ['a/b/watched'], prepare })
      renameSync(files.at('a'), files.at('elsewhere'))
      mkdirSync(files.at('a', 'b', 'watched'), { recursive: true })
      await files.seen('renamed', files.at('a'))
      writeFileSync(files.at('a', 'b', 'watched', 'x'), '')
      await files.seen('created', files.at('a', 'b', 'watched', 'x'))
    })

    test('a file alone, through replacement and recreation, and not its neighbours', async () => {
      await using files = await FileChanges.watch({ flavour, paths: ['one'] })
      const one = files.at('one')
      writeFileSync(files.at('other'), '')
      writeFileSync(one, '')
      await files.seen('created', one)
      writeFileSync(files.at('tmp'), 'new')
      renameSync(files.at('tmp'), one)
      await files.until('the replacement', () =>
        files.events.some(({ change }) => change.kind === 'renamed' && change.file.destination.path === one),
      )
      appendFileSync(one, 'x')
      await files.seen('modified', one)
      unlinkSync(one)
      await files.seen('deleted', one)
      expect(files.events.filter(({ change }) => change.file.path === files.at('other'))).toEqual([])
    })

    test('what patterns match, as the folders that match come and go, but what is ignored', async () => {
      await using files = await FileChanges.watch({ flavour, paths: ['*/conf/**/*.yaml', 'bin/*'], ignore: ['**/old'] })
      for (const path of ['bin/deep', 'shop/conf/x/y', 'shop/conf/old', 'shop/other']) mkdirSync(files.at(path), { recursive: true })
      await files.seen('created', files.at('bin/deep'))
      for (const path of ['bin/deep/no', 'shop/other/no.yaml', 'shop/conf/old/no.yaml', 'shop/conf/no.json'])
        writeFileSync(files.at(path), '')
      for (const path of ['bin/tool', 'shop/conf/a.yaml', 'shop/conf/x/y/b.yaml']) {
        writeFileSync(files.at(path), '')
        await files.seen('created', files.at(path))
      }
      // Whoever moves a folder moves what is in it, and away from here.
      renameSync(files.at('shop'), files.at('store'))
      await files.seen('renamed', files.at('shop'))
      writeFileSync(files.at('store/conf/c.yaml'), '')
      await files.seen('created', files.at('store/conf/c.yaml'))
      expect(files.events.filter(({ change }) => /\/no(\.|$)/.test(String(change.file.path)))).toEqual([])
    })

    test('nothing behind a symbolic link', async () => {
      await using files = await FileChanges.watch({ flavour })
      const outside = files.outside()
      symlinkSync(outside, files.at('link'))
      await files.seen('created', files.at('link'))
      writeFileSync(join(outside, 'x'), '')
      writeFileSync(files.at('end'), '')
      await files.seen('created', files.at('end'))
      expect(files.events.some((one) => String(one.change.file.path).endsWith('/x'))).toBe(false)
    })

    test('two that watch in one drain get their own, and one goes on when the other ends', async () => {
      using temporary = temporaryFolder()
      const folder = temporary.path
      const at = (...names: string[]) => join(folder, ...names)
      mkdirSync(at('one'))
      const events: Change[] = []
      const first = fim({ name: 'first', flavour: flavour.name, watch: [at('one')] })
      const second = fim({ name: 'second', flavour: flavour.name, watch: [folder] })
      await using pipeline = await TestPipeline.of([processExec(), first, second, recorderInto(events)])
      await pipeline.start()
      const created = (path: string) => events.filter(({ change }) => change.kind === 'created' && change.file.path === path).length
      writeFileSync(at('one', 'a'), '')
      await expect.poll(() => created(at('one', 'a')), { timeout: 20_000 }).toBe(2)
      await pipeline.runtime.sensors.find((one) => one.plugin === 'second')?.stop()
      writeFileSync(at('one', 'b'), '')
      writeFileSync(at('one', 'c'), '')
      await expect.poll(() => created(at('one', 'c')), { timeout: 20_000 }).toBe(1)
      expect([created(at('one', 'a')), created(at('one', 'b'))]).toEqual([2, 1])
    })

    test('nothing while nobody looks at changes', async () => {
      using temporary = temporaryFolder()
      const pipeline = await TestPipeline.of([fim({ flavour: flavour.name, watch: [temporary.path] })])
      await pipeline.start()
      const files = pipeline.runtime.sensors[0]
      // For its self-test it watched all, and stops once that was judged.
      await new Promise((resolve) => setTimeout(resolve))
      const before = files?.counts()['change']
      writeFileSync(join(temporary.path, 'a'), '')
      expect(files?.running).toBe(flavour.name)
      await pipeline.stop()
      expect(files?.counts()['change']).toEqual(before)
    })
  })

  test.runIf(knowsAuthors(flavour))('what one author appends is told at once, and what became of it', async () => {
    await using files = await FileChanges.watch({ flavour })
    const log = files.at('log')
    const script = `sleep 0.2; i=0; while [ $i -lt 300 ]; do echo line >> '${log}'; i=$((i+1)); [ $((i%50)) = 0 ] && sleep 0.02; done; sleep 0.2`
    await promisify(execFile)('/bin/sh', ['-c', script])
    await files.until('its last state', () => files.about('modified', log).some(({ change }) => change.file.size === 1500n))
    expect(files.about('modified', log).length).toBeLessThan(20)
    expect(files.sensor.counts()['change']?.coalesced).toBeGreaterThan(0)
    appendFileSync(log, 'by another')
    await files.until('another author', () => files.about('modified', log).some(({ change }) => change.file.size === 1510n))
  })

  test('thousands of quick changes come without loss', async () => {
    await using files = await FileChanges.watch({ flavour })
    const rounds = 2000
    const script = `for (let i = 0; i < ${rounds}; i++) { const f = '${files.folder}/f' + i; fs.writeFileSync(f, 'x'); fs.renameSync(f, f + '.r'); fs.chmodSync(f + '.r', 0o600); fs.unlinkSync(f + '.r') }`
    execFileSync(process.execPath, ['-e', script], { env: { ...process.env, NODE_OPTIONS: '' } })
    const names = (kind: string) => new Set(files.events.filter((one) => one.change.kind === kind).map((one) => one.change.file.path)).size
    await files.until('the last', () => names('deleted') === rounds)
    expect(['created', 'renamed', 'attributes'].map(names)).toEqual([rounds, rounds, rounds])
    expect(files.sensor.counts()['change']?.lost).toBe(0)
  })

  // As dpkg does: what was written under another name before anybody looked is told by its rename, which has an author.
  test('a file that is found in a new folder and renamed is told once, by who renamed it', async () => {
    if (!flavour.gaps.includes('found')) return
    await using files = await FileChanges.watch({ flavour, processes: false })
    const outside = files.outside()
    const other = files.outside()
    writeFileSync(join(outside, 'x.part'), 'x')
    writeFileSync(join(other, 'y'), '')
    // What is read before the move is not told by where it is after it.
    writeFileSync(files.at('before'), '')
    await files.seen('created', files.at('before'))
    renameSync(outside, files.at('new'))
    await files.until('its new folder is told', () => files.events.some(({ change }) => change.path === files.at('new')))
    renameSync(files.at('new', 'x.part'), files.at('new', 'x'))
    const renamed = await files.seen('renamed', files.at('new', 'x.part'))
    expect(renamed.process.pid === UNKNOWN).toBe(!knowsAuthors(flavour))
    expect([renamed.change.is_directory, files.events.find(({ change }) => change.path === files.at('new'))?.change.is_directory]).toEqual([
      false,
      true,
    ])
    // What is found later is told later.
    renameSync(other, files.at('later'))
    await files.seen('created', files.at('later', 'y'))
    expect(files.about('created', files.at('new', 'x.part'))).toEqual([])
  })
})
