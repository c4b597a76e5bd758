import { PluginTester, TestPipeline } from '@cws/core/testing'
import { describe, expect, it } from 'vitest'
import tempHopper from '../src/index.ts'

new PluginTester({ describe, it }).run(tempHopper, { valid: [{ limit: 3 }, {}], invalid: [{ limit: 0 }, { limit: 'many' }, { limits: 3 }] })

describe('temp-hopper', () => {
  const run = (pipeline: TestPipeline, path: string, pid = 7) => pipeline.emit('exec', { file: { path } }, { pid })

  it('counts the distinct programs of one process from temporary folders', async () => {
    await using pipeline = await TestPipeline.of([tempHopper({ limit: 2 })])
    for (const path of ['/tmp/a', '/tmp/a', '/usr/bin/x', '/usr/bin/y', '/tmp/b']) run(pipeline, path)
    run(pipeline, '/tmp/c', 8)
    expect(pipeline.findings).toEqual([])
    run(pipeline, '/dev/shm/c')
    expect(pipeline.findings).toMatchObject([{ rule: 'temp-hopper', severity: 'high', title: '3 programs from temporary files' }])
    expect(pipeline.faults).toEqual([])
  })

  it('forgets a process with its end', async () => {
    await using pipeline = await TestPipeline.of([tempHopper({ limit: 1 })])
    run(pipeline, '/tmp/a')
    pipeline.emit('exit', { code: 0 }, { pid: 7 })
    run(pipeline, '/tmp/b')
    expect(pipeline.findings).toEqual([])
  })

  it('asks the kernel for temporary files alone', async () => {
    await using pipeline = await TestPipeline.of([tempHopper()])
    expect(pipeline.interests().byType.get('exec')).toMatchObject([{ plugin: 'temp-hopper', condition: { field: 'exec.file.path' } }])
  })
})
