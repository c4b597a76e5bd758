import { expect, test } from 'vitest'
import { FlightRecorder } from '../../../core/src/recorder/flight-recorder.ts'
import { tell } from '../../../core/src/recorder/story.ts'
import { hostOf } from './host.ts'

/** A host with a flight recorder; `past` tells what was noted around a pid. */
async function recorded() {
  const host = await hostOf(() => undefined, ['exec'])
  const recorder = new FlightRecorder()
  const { engine } = host.pipeline.runtime
  engine.recorder = recorder
  const { table, clock } = host.sensor
  const now = () => Number(clock.toWall(host.records.tick()) / 1000n) / 1000
  const subjectOf = (pid: number) => {
    const { serial, session, family } = table.nodes
    const node = table.find(pid)
    return { process: serial[node] as number, session: session[node] as number, family: family[node] as number, type: 'exec', ms: now() }
  }
  const past = (pid: number) => tell(recorder, subjectOf(pid), 0, now(), engine.redactors)
  return { ...host, recorder, past, subjectOf }
}

test('notes what the records tell: who, what with which arguments, how it ended', async () => {
  await using host = await recorded()
  const { records, flush, past, sensor } = host
  records.exec(1, '/sbin/init')
  records.fork(20, 1)
  records.exec(20, '/usr/bin/mysql', { argv: ['mysql', '-psecret', '--password=secret', 'shop'], ppid: 1 })
  records.fork(30, 20)
  records.exit(30, { code: 9 })
  flush()
  const { events, processes } = past(20)
  expect(events.map(({ timestamp: _, ...event }) => event)).toMatchObject([
    { type: 'exec', file: { path: '/usr/bin/mysql' }, argv0: 'mysql', args: '-p*** --password=*** shop' },
    { type: 'fork', ppid: 20 },
    { type: 'exit', signal: 9 },
  ])
  expect(processes.map(({ pid, ppid }) => [pid, ppid])).toEqual([
    [20, 1],
    [30, 20],
  ])
  expect(processes[1]?.parent).toBe(processes[0]?.process)
  const { begin } = sensor.table.nodes
  const wall = sensor.clock.toWall(begin[sensor.table.find(20)] as bigint)
  expect(Math.abs(Date.parse(events[0]?.timestamp as string) - Number(wall / 1_000_000n))).toBeLessThanOrEqual(1)
})

test('children of init are families; leaders begin sessions, in the family that they come from', async () => {
  await using host = await recorded()
  const { records, flush, subjectOf } = host
  records.exec(1, '/sbin/init')
  records.fork(20, 1)
  records.exec(20, '/usr/sbin/sshd', { sid: 20, ppid: 1 })
  records.fork(30, 20)
  records.exec(30, '/bin/bash', { sid: 30, ppid: 20 })
  records.fork(40, 30)
  records.exec(40, '/usr/bin/id', { sid: 30, ppid: 30 })
  records.fork(50, 1)
  records.exec(50, '/usr/sbin/cron', { sid: 50, ppid: 1 })
  flush()
  const [sshd, bash, id, cron] = [20, 30, 40, 50].map(subjectOf)
  expect([bash?.family, id?.family]).toEqual([sshd?.family, sshd?.family])
  expect(bash?.session).toBe(bash?.process)
  expect(id?.session).toBe(bash?.process)
  expect(cron?.family).toBe(cron?.process)
  expect(cron?.family).not.toBe(sshd?.family)
})

test('events of others are noted with who did them, and agree with records on who that is', async () => {
  await using host = await recorded()
  const { records, flush, past, pipeline } = host
  records.exec(1, '/sbin/init')
  records.fork(20, 1)
  records.exec(20, '/bin/sh', { ppid: 1 })
  flush()
  pipeline.emit('open', { file: { path: '/etc/shadow', name: 'shadow' } }, { pid: 20, timestamp: host.sensor.clock.toWall(records.tick()) })
  const { events, processes } = past(20)
  expect(events.map(({ type, process, details }) => [type, process, details])).toEqual([
    ['exec', processes[0]?.process, undefined],
    ['open', processes[0]?.process, { 'file.path': '/etc/shadow' }],
  ])
  expect(processes).toHaveLength(1)
})

test('what is not tapped is noted without an event being made of it', async () => {
  await using host = await recorded()
  const { records, flush, recorder, pipeline } = host
  records.exec(20, '/bin/sh')
  records.fork(30, 20)
  records.exit(30)
  flush()
  expect(recorder.noted).toBe(3)
  expect(pipeline.runtime.engine.counters.of('fork').seen).toBe(1)
})
