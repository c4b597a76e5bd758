/** Too many folders for a mark each: whole file systems are marked instead, and what is elsewhere on them reaches nobody. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TestPipeline } from '@cws/core/testing'
import fim from '@cws/plugin-fim'
import { expect, test } from 'vitest'
import { type Change, recorderInto } from '../support/file-changes.ts'
import { temporaryFolder } from '../support/triggers.ts'

const until = (condition: () => boolean) => expect.poll(condition, { timeout: 20_000 }).toBe(true)

test('with more folders than may be marked file systems are, and nothing is left out', async () => {
  using temporary = temporaryFolder()
  const at = (...names: string[]) => join(temporary.path, ...names)
  for (let i = 0; i < 100; i++) mkdirSync(at('watched', `d${i}`, 'deep'), { recursive: true })
  mkdirSync(at('other'))
  const events: Change[] = []
  await using pipeline = await TestPipeline.of([fim({ watch: [at('watched/**')], maxFolders: 50 }), recorderInto(events)])
  await pipeline.start()
  const sensor = pipeline.runtime.sensors[0]
  const { running, flavours } = sensor!.report()
  expect(running).toBe('fanotify-filesystem')
  expect(flavours[0]).toMatchObject({ name: 'fanotify', state: 'failed', reason: expect.stringContaining('more than 50 folders') })
  expect(pipeline.logs.filter(({ message }) => message.includes('not all are watched'))).toEqual([])

  const told = (kind: string, path: string) => events.some(({ change }) => change.kind === kind && change.file.path === path)
  writeFileSync(at('other', 'unseen'), '')
  writeFileSync(at('watched', 'd99', 'deep', 'a'), '')
  await until(() => told('created', at('watched/d99/deep/a')))
  // Of folders that nobody looked at before, and are gone when their events are read.
  mkdirSync(at('watched/new/deep'), { recursive: true })
  writeFileSync(at('watched/new/deep/b'), '')
  await until(() => told('created', at('watched/new/deep/b')))
  rmSync(at('watched/new'), { recursive: true })
  await until(() => told('deleted', at('watched/new')))
  expect(told('deleted', at('watched/new/deep/b'))).toBe(true)
  renameSync(at('watched/d1'), at('other/d1'))
  await until(() => told('renamed', at('watched/d1')))
  writeFileSync(at('other/d1/deep/unseen'), '')
  writeFileSync(at('watched/end'), '')
  await until(() => told('created', at('watched/end')))
  expect(events.filter(({ change }) => String(change.file.path).endsWith('unseen'))).toEqual([])
  expect(sensor?.counts()['change']?.filtered).toBeGreaterThan(0)
})
