/** One composition that a stream is played to, a round for each message: see `variant.ts`. */
import { readFileSync } from 'node:fs'
import { TestPipeline } from '@cws/core/testing'
import { rules } from '@cws/plugin-rules'
import defaults from '@cws/rules-default'
import { FlightRecorder } from '../../core/src/recorder/flight-recorder.ts'
import { threadCpu } from '../thread-cpu.ts'
import { generatedRules } from './generated-rules.ts'
import { naive } from './naive.ts'
import { Stream } from './stream.ts'
import type { Composition, Ready, Round } from './variant.ts'

const composition = JSON.parse(process.argv[2] as string) as Composition
const recorded = readFileSync(composition.batch)
/** It starts at a whole word. */
const batch = Buffer.allocUnsafeSlow(recorded.length)
recorded.copy(batch)

function detector() {
  if (composition.rules === 'none') return rules({ packs: [] })
  const pack = composition.rules === 'default' ? defaults : generatedRules(composition.rules)
  return composition.naive ? naive(pack) : rules({ packs: [pack] })
}

function memory(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const stream = new Stream(batch, composition.playing)
const before = memory()
const start = performance.now()
const pipeline = await TestPipeline.of([stream.source(), detector()])
const setupMs = performance.now() - start
const { engine } = pipeline.runtime
engine.recorder = composition.recorder ? new FlightRecorder() : undefined

/** The stream is played so often a round: who takes turns finds what the processor keeps at hand full of others' things. */
const played = composition.naive ? 1 : 6

function play(): Round {
  const findings = engine.counters.findings
  const allocated: number[] = []
  let cpu = 0
  for (let i = 0; i < played; i++) {
    stream.moveOn()
    const heap = process.memoryUsage().heapUsed
    const before = threadCpu()
    stream.play()
    cpu += threadCpu() - before
    const grown = process.memoryUsage().heapUsed - heap
    // Else garbage was collected.
    if (grown > 0) allocated.push(grown / stream.events)
    pipeline.findings.length = pipeline.signals.length = 0
  }
  return { cpu: cpu / played, allocated, findings: (engine.counters.findings - findings) / played }
}

process.on('message', () => process.send?.(play()))
process.on('disconnect', async () => {
  await pipeline.stop()
  stream.close()
})
stream.moveOn()
const started = threadCpu()
stream.play()
const coldCpu = threadCpu() - started
// Some of it is made when events come.
if (!composition.naive) for (let i = 0; i < 2; i++) play()
const ready: Ready = { events: stream.events, execs: stream.execs, setupMs, coldCpu, memory: memory() - before }
process.send?.(ready)
