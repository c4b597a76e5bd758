import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inOrder, type Package, packagesOf, pinFaults } from './packages.ts'

const root = resolve(import.meta.dirname, '..')
const pkg = (name: string, more: Partial<Package['manifest']> = {}, example = false): Package => ({
  folder: name,
  manifest: { name, version: '1.2.0', ...more },
  example,
})

describe('the packages of this repository', () => {
  it('pin each other exactly', () => {
    expect(pinFaults(packagesOf(root))).toEqual([])
  })

  it('have an order to be published in: each after what it needs, the agent last of ours', () => {
    const names = packagesOf(root).map(({ manifest }) => manifest.name)
    for (const { manifest } of packagesOf(root))
      for (const needed of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }))
        if (names.includes(needed))
          expect(names.indexOf(needed), `${needed} before ${manifest.name}`).toBeLessThan(names.indexOf(manifest.name))
    expect(names).toContain('@cws/agent')
    expect(names).toContain('cws-plugin-listeners')
  })
})

describe('faults', () => {
  it('of pins are found', () => {
    const core = pkg('@cws/core')
    expect(pinFaults([core, pkg('a', { dependencies: { '@cws/core': '^1.2.0' } })])).toEqual([
      'a: dependencies has @cws/core ^1.2.0, not exactly 1.2.0',
    ])
    expect(pinFaults([core, pkg('a', { peerDependencies: { '@cws/core': '^1.3.0' } })])).toEqual([
      'a: its peer @cws/core ^1.3.0 is not the one here',
    ])
    expect(pinFaults([core, pkg('a', { dependencies: { '@cws/core': '1.2.0' } }, true)])).toEqual([
      "a: a third party's plugin has @cws/core as its peer",
    ])
    expect(pinFaults([core, pkg('a', { peerDependencies: { '@cws/core': '^1.0.0' } }, true)])).toEqual([])
  })

  it('of order are found', () => {
    expect(() => inOrder([pkg('a', { dependencies: { b: '1' } }), pkg('b', { dependencies: { a: '1' } })])).toThrow('a → b → a')
  })
})
