import { expect, it, vi } from 'vitest'
import { errorText, heartbeatRow, stateCell } from '../src/cli/notify/texts.ts'

it.each([
  [{ state: 'ok', failed: 0, refused: 0, template_failures: 0 }, 'green', 'ok'],
  [{ state: 'ok', failed: 21, refused: 21, template_failures: 0 }, 'yellow', 'ok, refused 21'],
  [{ state: 'ok', failed: 5, refused: 0, template_failures: 0 }, 'yellow', 'ok, 5 given up'],
  [{ state: 'failing', failed: 7, refused: 3, template_failures: 0 }, 'yellow', 'failing, refused 3, 4 given up'],
  [{ state: 'ok', failed: 0, refused: 0, template_failures: 1 }, 'yellow', 'ok, 1 without its template'],
  [{ state: 'ok', failed: 1, refused: 1, template_failures: 2 }, 'yellow', 'ok, refused 1, 2 without their template'],
  [{ state: 'broken', failed: 0, refused: 0, template_failures: 0 }, 'red', 'broken'],
  [{ state: 'starting', failed: 0, refused: 0, template_failures: 0 }, 'yellow', 'starting'],
  [{ state: 'stopped', failed: null, refused: null, template_failures: null }, 'dim', 'no agent runs'],
] as const)('%o is %s', (destination, style, text) => {
  expect(stateCell(destination)).toEqual({ style, text })
})

it('a last error has its time and how long ago that was, where it is known', () => {
  vi.useFakeTimers({ now: new Date(2026, 10, 30, 12, 0, 0), toFake: ['Date'] })
  try {
    const at = new Date(2026, 10, 30, 9, 55, 0).toISOString()
    expect(errorText('HTTP 400: no', at)).toBe('last error 09:55:00, 2h 5m ago: HTTP 400: no')
    expect(errorText('down', null)).toBe('last error: down')
    expect([errorText(null, null), errorText(undefined, undefined)]).toEqual(['', ''])
  } finally {
    vi.useRealTimers()
  }
})

it.each([
  [null, 'dim', 'no beat yet'],
  ['sent', 'green', 'ok'],
  ['withheld', 'red', 'withheld'],
  ['failed', 'yellow', 'not heard'],
] as const)('a watcher whose last beat was %s', (last, style, text) => {
  expect(heartbeatRow({ last, sent: 7, withheld: 1, failed: 2, reasons: ['HTTP 404'] })).toEqual([
    'heartbeat',
    { style, text },
    '7 sent, 1 withheld, 2 not heard',
    'HTTP 404',
  ])
})
