import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import { type Packed, packAll } from '../../scripts/pack.ts'
import { root } from './agent.ts'
import { alone } from './alone.ts'

/** All packages, built and packed by the first file of a run that asks. */
export function packedOnce(): readonly Packed[] {
  const folder = join(inject('runFolder'), 'packed')
  const list = join(folder, 'list.json')
  alone(`${folder}.lock`, () => {
    if (!existsSync(list)) writeFileSync(list, JSON.stringify(packAll(root, folder)))
  })
  return JSON.parse(readFileSync(list, 'utf8')) as readonly Packed[]
}
