import type { DestinationView } from '../../notifications/rule-view.ts'
import { type Cell, styled } from '../output.ts'

export function stateCell(state: DestinationView['state']): Cell {
  if (state === 'ok') return styled('green', state)
  if (state === 'stopped') return styled('dim', 'no agent runs')
  return styled(state === 'broken' || state === 'failed' ? 'red' : 'yellow', state)
}
