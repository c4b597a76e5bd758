/** Who made a change, for the flavours that know it. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { UNKNOWN } from '@cws/core'
import { describe, expect, test } from 'vitest'
import { FileChanges, fileFlavours, knowsAuthors } from '../support/file-changes.ts'

describe.each(fileFlavours.filter(knowsAuthors))('$name', (flavour) => {
  test('a writer that lives a few milliseconds is known, and its shell', async () => {
    await using files = await FileChanges.watch({ flavour })
    const { events } = files
    for (let i = 0; i < 200; i++) execFileSync('/usr/bin/touch', [files.at(`t${i}`)])
    await files.seen('created', files.at('t199'))
    for (let i = 0; i < 200; i++) {
      const { process } = await files.seen('created', files.at(`t${i}`))
      expect(process.certainty).not.toBe('unknown')
      if (process.certainty === 'exact') expect([i, process.file.name, process.args]).toEqual([i, 'touch', files.at(`t${i}`)])
    }
    // How many depends on how busy the machine is.
    expect(events.some((one) => one.process.certainty === 'exact')).toBe(true)
  })

  test('without a process sensor the number alone is known', async () => {
    await using files = await FileChanges.watch({ flavour, processes: false })
    writeFileSync(files.at('a'), '')
    const { process: author } = await files.seen('created', files.at('a'))
    expect([author.pid, author.certainty]).toEqual([process.pid, UNKNOWN])
    expect(files.gaps).toContain('chance')
  })
})

test.each(fileFlavours)('$name never blames a write on what the writer became', async (flavour) => {
  await using files = await FileChanges.watch({ flavour })
  for (let i = 0; i < 200; i++) execFileSync('/bin/sh', ['-c', `echo x > ${files.at(`w${i}`)}; exec /bin/true`])
  await files.seen('created', files.at('w199'))
  for (const event of files.events) expect([event.process.file.name, event.process.certainty]).not.toEqual(['true', 'exact'])
  for (let i = 0; i < 200; i++) expect((await files.seen('created', files.at(`w${i}`))).process.file.name).not.toBe('true')
})

test.each(fileFlavours.filter(knowsAuthors))('$name is not deceived by programs that are handed to the loader', async (flavour) => {
  await using files = await FileChanges.watch({ flavour })
  const loader = '/lib64/ld-linux-x86-64.so.2'
  for (let i = 0; i < 100; i++)
    execFileSync('/bin/sh', ['-c', `echo x > ${files.at(`s${i}`)}; exec ${loader} /bin/sh -c 'echo y > ${files.at(`l${i}`)}'`])
  await files.seen('created', files.at('l99'))
  for (let i = 0; i < 100; i++) {
    const [before, after] = [await files.seen('created', files.at(`s${i}`)), await files.seen('created', files.at(`l${i}`))]
    expect(before.process.file.name).not.toMatch(/^ld-/)
    if (after.process.certainty === 'exact') expect(after.process.file.name).toMatch(/^ld-/)
  }
})
