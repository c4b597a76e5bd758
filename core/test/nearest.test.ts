import { nearest } from '@cws/core'
import { expect, it } from 'vitest'

it.each([
  ['ulr', ['url', 'secret'], 'url'],
  ['exce', ['exec', 'exit'], 'exec'],
  ['tun', ['tune', 'packs'], 'tune'],
  ['plugin', ['plugins', 'notifications'], 'plugins'],
  ['exec.file.pth', ['exec.file.path', 'exec.file.name'], 'exec.file.path'],
  ['abcd', ['wxyz'], undefined],
  ['ab', ['cd', 'abcdef'], undefined],
])('nearest to %s of %j is %s', (word, candidates, found) => {
  expect(nearest(word, candidates)).toBe(found)
})
