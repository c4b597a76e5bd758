import type { DestinationView } from '../../notifications/rule-view.ts'
import { type Cell, styled } from '../output.ts'

/** `3d 4h`, `2h 5m`, `40s`: the two largest parts. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000))
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0s'
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return shown.map(([count, unit]) => `${count}${unit}`).join(' ')
}

export function stateCell(state: DestinationView['state']): Cell {
  if (state === 'ok') return styled('green', state)
  if (state === 'stopped') return styled('dim', 'no agent runs')
  return styled(state === 'broken' || state === 'failed' ? 'red' : 'yellow', state)
}
