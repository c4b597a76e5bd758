import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nativeErrorCodes } from '@cws/native'
import { expect, it } from 'vitest'

it('every code that the addon throws is told of, and no other', () => {
  const addon = join(import.meta.dirname, '../addon')
  const thrown = new Set<string>()
  for (const file of globSync('*.c', { cwd: addon }))
    for (const [, code] of readFileSync(join(addon, file), 'utf8').matchAll(/"(CWS_[A-Z_]+)"/g)) thrown.add(code as string)
  expect([...thrown].sort()).toEqual(Object.keys(nativeErrorCodes).sort())
})
