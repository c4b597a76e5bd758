import { describe, expect, it } from 'vitest'
import { diagnose, type LoadFacts } from '../load.js'

const good: LoadFacts = { platform: 'linux', arch: 'x64', glibc: '2.36', installed: '/x/cws_native.node', error: undefined }

describe('the diagnosis of an addon that does not load', () => {
  it.each<[string, Partial<LoadFacts>, RegExp]>([
    ['another system', { platform: 'darwin' }, /this is darwin/],
    ['arm64', { arch: 'arm64', installed: undefined }, /built for x64; this machine is arm64/],
    ['musl', { glibc: undefined, installed: undefined }, /does not use glibc/],
    ['an old glibc', { glibc: '2.17' }, /glibc 2\.28 or newer is needed; this system has 2\.17/],
    ['omitted optional dependencies', { installed: undefined }, /--omit=optional.*npm install --include=optional/],
    [
      'a file that may not be mapped',
      { error: new Error('/x/cws_native.node: failed to map segment: Permission denied') },
      /cannot be read or mapped.*noexec/,
    ],
    ['anything else', { error: new Error('invalid ELF header') }, /\/x\/cws_native\.node cannot be loaded: invalid ELF header/],
  ])('%s', (_, facts, expected) => {
    expect(diagnose({ ...good, ...facts })).toMatch(expected)
  })

  it('compares glibc versions as numbers', () => {
    for (const glibc of ['2.28', '2.100', '3.0']) expect(diagnose({ ...good, glibc })).toMatch(/cannot be loaded/)
    for (const glibc of ['2.9', '2.27', '1.99']) expect(diagnose({ ...good, glibc })).toMatch(/is needed/)
  })
})
