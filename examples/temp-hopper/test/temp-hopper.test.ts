import { PluginTester, TestPipeline } from '@cws/core/testing'
import { describe, expect, it } from 'vitest'
import tempHopper from '../src/index.ts'

new PluginTester({ describe, it }).run(tempHopper, { valid: [{ limit: 3 }, {}], invalid: [{ limit: 0 }, { limit: 'many' }, { limits: 3 }] })

describe('temp-hopper', () => {
  const run = (pipeline: TestPipeline, path: string) => pipeline.emit('exec', { file: { path } }, { pid: 7 })

  it('asks the kernel for temporary files alone', async () => {
    await using pipeline = await TestPipeline.of([tempHopper()])
    expect(pipeline.interests().byType.get('exec')).toMatchObject([
      { plugin: 'temp-hopper', condition: { field: 'exec.file.path' } },
    ])
  })

  it('says nothing of programs elsewhere, and nothing without a process to count for', async () => {
    await using pipeline = await TestPipeline.of([tempHopper({ limit: 1 })])
    for (const path of ['/usr/bin/a', '/usr/bin/b', '/tmp/c', '/tmp/d']) run(pipeline, path)
    expect(pipeline.findings).toEqual([])
    expect(pipeline.faults).toEqual([])
  })
})
