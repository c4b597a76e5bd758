import type { SensorReport } from '../agent/sensors.ts'
import { type Cell, styled } from './output.ts'

/** One row a sensor: name, flavour that runs, self-test, what it feeds. */
export function sensorRows(sensors: readonly SensorReport[]): readonly (readonly Cell[])[] {
  return sensors.map(({ sensor, plugin, running, selfTest, feeds }) => [
    styled('bold', sensor),
    running ? styled('green', running) : styled('red', 'not running'),
    selfTest === 'alive'
      ? styled('green', 'proved alive')
      : selfTest === 'silent'
        ? styled('red', 'silent in its self-test')
        : 'not tested',
    `${feeds.join(', ')} (${plugin})`,
  ])
}

/** One row a flavour, best first: state, and why it cannot run or what it cannot see. */
export function flavourRows({ flavours }: SensorReport): readonly (readonly Cell[])[] {
  return flavours.flatMap(({ name, state, reason, gaps }) => [
    [name, stateCell(state), reason ?? ''],
    ...gaps.map((gap): readonly Cell[] => ['', styled('dim', 'gap'), gap]),
  ])
}

function stateCell(state: SensorReport['flavours'][number]['state']): Cell {
  if (state === 'running') return styled('green', state)
  if (state === 'failed' || state === 'unavailable') return styled('yellow', state)
  return state
}
