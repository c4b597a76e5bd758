import { type AnyInstance, definePlugin, type Event } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import { expect } from 'vitest'
import { connect } from '../src/connect.ts'
import { optionsSchema } from '../src/options.ts'
import { Scrubber } from '../src/scrub.ts'
import { ProcessSensor } from '../src/sensor.ts'
import { Records } from './records.ts'

type Type = 'exec' | 'fork' | 'exit' | 'open' | 'agent.lost_events'

/** The sensor in the real pipeline, its records made by hand; `read` takes of each event of the types what the test wants. */
export async function hostOf<T>(
  read: (event: Event) => T,
  types: readonly Type[],
  { options = {}, beside = [] }: { readonly options?: object; readonly beside?: readonly AnyInstance[] } = {},
) {
  const sensor = new ProcessSensor(optionsSchema.parse(options), () => 2_000_000_000_000n)
  sensor.table.loader = undefined
  const seen: T[] = []
  const probe = definePlugin(import.meta, {
    name: 'probe',
    setup(ctx) {
      sensor.open('test', connect(ctx, sensor, new Scrubber({ enabled: true, words: [], patterns: [] })))
      for (const type of types) ctx.detect(type, null, (event) => void seen.push(read(event as Event)))
    },
  })
  const pipeline = await TestPipeline.of([probe(), ...beside])
  const records = new Records()
  return {
    sensor,
    pipeline,
    records,
    seen,
    flush: () => {
      sensor.consume(records.memory, 0, records.writer.end)
      records.writer.clear()
    },
    [Symbol.asyncDispose]: async () => {
      sensor.close()
      await pipeline.stop()
      expect(pipeline.faults).toEqual([])
    },
  }
}
