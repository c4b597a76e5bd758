import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Network, overlap, overlapsAny, parseNetwork } from '../src/condition/network.ts'

const network = (text: string): Network => {
  const parsed = parseNetwork(text)
  if (!parsed) throw new Error(`${text} is no network`)
  return parsed
}

describe('networks', () => {
  it.each([
    ['10.1.2.3', '10.0.0.0/8', true],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.1.2.3/8', '10.200.0.0/16', true],
    ['11.0.0.0/8', '10.0.0.0/8', false],
    ['10.1.2.3', '0.0.0.0/0', true],
    ['::ffff:10.1.2.3', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['10.1.2.3', '::/0', false],
    ['fe80::1', 'fe80::/10', true],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1', true],
    ['1::', '1:0:0:0:0:0:0:0', true],
    ['fe80::1%eth0', 'fe80::1', true],
    ['::1', '::2', false],
  ])('%s and %s: %s', (a, b, expected) => expect(overlap(network(a), network(b))).toBe(expected))

  it.each(['', '10.1.2', '10.1.2.3/33', '10.1.2.3/', '::/129', '10.1.2.03', '1:2', 'x', '10.1.2.3/8/8', '10.1.2.3/-1'])(
    '%j is none',
    (text) => expect(parseNetwork(text)).toBeUndefined(),
  )

  it('are found among many as one by one', () => {
    const v4 = fc
      .tuple(fc.constantFrom('10.0.0.0', '10.1.2.3', '10.128.0.1', '192.168.0.1'), fc.constantFrom(0, 1, 8, 9, 16, 24, 31, 32))
      .map(([address, prefix]) => `${address}/${prefix}`)
    const v6 = fc
      .tuple(fc.constantFrom('::', '::1', 'fe80::1', 'fe80:0:1::', '::ffff:10.1.2.3'), fc.constantFrom(0, 10, 48, 96, 104, 127, 128))
      .map(([address, prefix]) => `${address}/${prefix}`)
    const one = fc.oneof(v4, v6).map(network)
    fc.assert(
      fc.property(fc.array(one, { maxLength: 6 }), one, (many, single) => {
        expect(overlapsAny(many)(single)).toBe(many.some((other) => overlap(other, single)))
      }),
    )
  })
})
