/** What a flavour of the file sensor says that it cannot see, it does not; what it does not say, it sees. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UNKNOWN } from '@cws/core'
import { describe, expect, test } from 'vitest'
import type { Gap } from '../../plugins/fim/src/gaps.ts'
import { FileChanges, type FileFlavour, fileFlavours, knowsAuthors } from '../support/file-changes.ts'
import { generator } from '../support/triggers.ts'

/** Tries one thing; `lacks`: it is declared that this flavour cannot. A text: why it cannot be tried here. */
type Trial = ((flavour: FileFlavour, lacks: boolean) => Promise<void>) | string

const trials: Readonly<Record<Gap, Trial>> = {
  mapping: async (flavour, lacks) => {
    await using files = await FileChanges.watch({ flavour, prepare: (at) => writeFileSync(at('mapped'), 'x') })
    execFileSync(generator('map_write'), [files.at('mapped')])
    writeFileSync(files.at('end'), '')
    await files.seen('created', files.at('end'))
    expect(files.about('modified', files.at('mapped')).length === 0).toBe(lacks)
  },

  links: async (flavour, lacks) => {
    const prepare = (at: (...names: string[]) => string) => {
      mkdirSync(at('real', 'deep'), { recursive: true })
      symlinkSync('real', at('link'))
    }
    await using files = await FileChanges.watch({ flavour, paths: ['link/deep', 'end'], prepare })
    writeFileSync(files.at('real', 'deep', 'x'), '')
    writeFileSync(files.at('end'), '')
    await files.seen('created', files.at('end'))
    expect(files.events.filter((one) => one.change.file.name === 'x').length === 0).toBe(lacks)
    // It is not only a gap in general: the operator hears of this folder.
    expect(files.pipeline.logs.some((log) => log.level === 'warn' && log.message.includes(files.at('link')))).toBe(lacks)
  },

  found: async (flavour, lacks) => {
    await using files = await FileChanges.watch({ flavour })
    const outside = files.outside()
    writeFileSync(join(outside, 'brought'), '')
    // What is read before the move is not told by where it is after it.
    writeFileSync(files.at('before'), '')
    await files.seen('created', files.at('before'))
    renameSync(outside, files.at('moved'))
    const { process } = await files.seen('created', files.at('moved', 'brought'))
    expect(process.pid === UNKNOWN).toBe(lacks || !knowsAuthors(flavour))
  },

  replaced: async (flavour, lacks) => {
    const rounds = 300
    const prepare = (at: (...names: string[]) => string) => {
      for (let i = 0; i < rounds; i++) for (const name of ['old', 'new']) writeFileSync(at(`${name}${i}`), '')
    }
    await using files = await FileChanges.watch({ flavour, prepare })
    const replacing = new Map<string, bigint>()
    for (let i = 0; i < rounds; i++) replacing.set(files.at(`old${i}`), statSync(files.at(`new${i}`), { bigint: true }).ino)
    for (let i = 0; i < rounds; i++) {
      appendFileSync(files.at(`old${i}`), 'x')
      renameSync(files.at(`new${i}`), files.at(`old${i}`))
    }
    for (let i = 0; i < rounds; i++) await files.seen('renamed', files.at(`new${i}`))
    const mistaken = files.events.filter(
      ({ change }) => change.kind === 'modified' && change.file.inode === replacing.get(change.file.path as string),
    )
    expect(mistaken.length > 0).toBe(lacks)
  },

  authors: authorless,
  namespace: authorless,
  chance: async (flavour, lacks) => {
    await using files = await FileChanges.watch({ flavour })
    expect(files.gaps.includes('chance')).toBe(lacks)
  },
  unreadable: 'root may read all: see not-root.test.ts',
  gone: 'it is a matter of microseconds',
  pairs: 'only kernels before 5.17 lack it',
}

async function authorless(flavour: FileFlavour, lacks: boolean): Promise<void> {
  await using files = await FileChanges.watch({ flavour })
  execFileSync('/usr/bin/touch', [files.at('a')])
  const { process } = await files.seen('created', files.at('a'))
  if (lacks) expect([process.pid, process.file.path, process.certainty]).toEqual([UNKNOWN, UNKNOWN, 'unknown'])
  else if (flavour.gaps.every((gap) => trials[gap] !== authorless)) expect(process.pid).not.toBe(UNKNOWN)
}

describe.each(fileFlavours)('$name', (flavour) => {
  test('says what it misses', async () => {
    await using files = await FileChanges.watch({ flavour })
    expect([...files.gaps].sort()).toEqual([...flavour.gaps].sort())
  })

  for (const [gap, trial] of Object.entries(trials) as [Gap, Trial][]) {
    if (typeof trial === 'string') test.skip(`${gap}: ${trial}`)
    else test(gap, () => trial(flavour, flavour.gaps.includes(gap)))
  }
})
