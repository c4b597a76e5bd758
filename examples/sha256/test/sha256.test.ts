import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { definePlugin, UNKNOWN } from '@cws/core'
import { PluginTester, TestPipeline } from '@cws/core/testing'
import { afterAll, describe, expect, it } from 'vitest'
import sha256 from '../src/index.ts'

new PluginTester({ describe, it }).run(sha256, { valid: [{ maxBytes: 1_000_000 }, {}], invalid: [{ maxBytes: 0 }, { cacheEntries: -1 }] })

const folder = mkdtempSync(join(tmpdir(), 'cws-sha256-'))
afterAll(() => rmSync(folder, { recursive: true }))
const hashOf = (content: string | Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`

/** A detector that wants one hash. */
const wanting = (hash: string) =>
  definePlugin(import.meta, {
    setup(ctx) {
      ctx.detect('exec', { 'exec.file.hashes': hash }, () => ({ rule: 'known-bad', severity: 'critical' }))
    },
  })({ name: 'wanting' })

/** An exec event of this file, as a sensor would tell it. */
const executed = (path: string, pid?: number) => {
  const { ino, dev, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
  const file = { path, inode: ino, device: Number(dev), modification_time: mtimeNs, change_time: ctimeNs }
  return { file, ...(pid ? { pid } : {}) }
}

describe('sha256', () => {
  it('lets a rule ask for a digest: judged when it is there', async () => {
    const path = join(folder, 'miner')
    writeFileSync(path, 'mine!')
    await using pipeline = await TestPipeline.of([sha256(), wanting(hashOf('mine!'))])
    pipeline.emit('exec', executed(path))
    expect(pipeline.findings).toEqual([])
    await expect.poll(() => pipeline.findings).toHaveLength(1)
    expect(pipeline.findings[0]?.event.get('exec.file.hashes')).toEqual([hashOf('mine!')])
    expect(pipeline.faults).toEqual([])
  })

  it('reads the very file of the process, also after it was deleted', async () => {
    const path = join(folder, 'sleeper')
    copyFileSync('/bin/sleep', path)
    execFileSync('chmod', ['755', path])
    const child = spawn(path, ['60'], { stdio: 'ignore' })
    try {
      await new Promise((resolve) => child.once('spawn', resolve))
      const event = executed(path, child.pid)
      unlinkSync(path)
      await using pipeline = await TestPipeline.of([sha256(), wanting(hashOf(readFileSync('/bin/sleep')))])
      pipeline.emit('exec', event, { pid: child.pid as number })
      await expect.poll(() => pipeline.findings).toHaveLength(1)
    } finally {
      child.kill()
    }
  })

  it('says unknown rather than something wrong', async () => {
    const path = join(folder, 'swapped')
    writeFileSync(path, 'good')
    const event = executed(path)
    const big = join(folder, 'big')
    writeFileSync(big, 'x'.repeat(101))
    await using pipeline = await TestPipeline.of([sha256({ maxBytes: 100 }), wanting(hashOf('bad'))])
    const read: unknown[] = []
    pipeline.runtime.engine.hooks
      .facadeFor('test')
      .detect.for('exec')
      .tap((live) => pipeline.runtime.engine.undecided('test', live as never, (kept) => read.push(kept.get('exec.file.hashes'))))
    writeFileSync(`${path}.new`, 'bad')
    execFileSync('mv', [`${path}.new`, path])
    pipeline.emit('exec', event) // another file by now
    pipeline.emit('exec', executed(big)) // too large
    pipeline.emit('exec', executed(folder)) // no file
    pipeline.emit('exec', { file: { path: join(folder, 'gone'), inode: 1n } })
    await expect.poll(() => read).toHaveLength(4)
    expect(read).toEqual([UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN])
    pipeline.emit('exec', { file: { path } }) // no inode: nothing is even read
    expect(pipeline.runtime.engine.counters.of('exec').undecided).toBeGreaterThan(0)
    expect(pipeline.faults).toEqual([])
  })

  it('reads a content once, whoever asks and however often, and knows it from then on', async () => {
    const path = join(folder, 'often')
    writeFileSync(path, 'often')
    await using pipeline = await TestPipeline.of([sha256(), wanting(hashOf('often'))])
    for (let i = 0; i < 1_000; i++) pipeline.emit('exec', executed(path))
    await expect.poll(() => pipeline.findings).toHaveLength(1_000)
    pipeline.emit('exec', executed(path))
    expect(pipeline.findings).toHaveLength(1_001)
  })

  it('is not deceived by a modification time that was set back', async () => {
    const path = join(folder, 'rewritten')
    writeFileSync(path, 'old!')
    await using pipeline = await TestPipeline.of([sha256(), wanting(hashOf('new!'))])
    const { atime, mtime, ctimeMs } = statSync(path)
    pipeline.emit('exec', executed(path))
    expect(pipeline.runtime.engine.counters.of('exec').parked).toBe(1)
    await expect
      .poll(() => {
        writeFileSync(path, 'new!')
        utimesSync(path, atime, mtime)
        return statSync(path).ctimeMs
      })
      .toBeGreaterThan(ctimeMs)
    pipeline.emit('exec', executed(path))
    await expect.poll(() => pipeline.findings).toHaveLength(1)
  })
})
