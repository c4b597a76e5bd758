import { describe, expect, it } from 'vitest'
import { PutOff } from '../src/put-off.ts'

const MINUTE = 60_000

/** Tries at these minutes, with the minutes that the server names: whether it is worth waiting on after each. */
function waitedFor(tries: readonly (readonly [minute: number, named?: number])[], putOff?: PutOff): readonly boolean[] {
  let now = 0
  const waiting = putOff ?? new PutOff(() => now)
  return tries.map(([minute, named]) => {
    now = minute * MINUTE
    return waiting.isFresh('b@example.com', named === undefined ? undefined : named * MINUTE)
  })
}

describe('who is put off', () => {
  it('is waited for for ten minutes, and given up as long as that goes on', () => {
    expect(waitedFor([[0], [5], [9.9], [10], [12], [60], [119]])).toEqual([true, true, true, false, false, false, false])
  })

  it('has all patience again after an hour in which he was not put off', () => {
    expect(waitedFor([[0], [12], [71.9], [131.9], [140], [142]])).toEqual([true, false, false, true, true, false])
  })

  it('is waited for a little longer than the server says, an hour at most', () => {
    expect(waitedFor([[0, 15], [10, 5], [15.5], [16]])).toEqual([true, true, true, false])
    expect(waitedFor([[0, 60], [59], [60]])).toEqual([true, true, false])
    // Who says the same each time has said it once.
    expect(
      waitedFor([
        [0, 5],
        [5, 5],
        [9, 5],
        [10, 5],
      ]),
    ).toEqual([true, true, true, false])
    expect(waitedFor([[0], [8, 15], [23], [24]])).toEqual([true, true, true, false])
    expect(waitedFor([[0], [10, 15]])).toEqual([true, false])
  })

  it('begins anew once he has taken a mail', () => {
    let now = 0
    const putOff = new PutOff(() => now)
    putOff.isFresh('b@example.com')
    now = 11 * MINUTE
    expect(putOff.isFresh('b@example.com')).toBe(false)
    putOff.accepted('k', ['b@example.com'])
    expect(putOff.isFresh('b@example.com')).toBe(true)
  })
})
