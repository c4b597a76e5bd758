/** Who changed a file: thousands of processes that live for a moment, each of whose files bears the name of the image that made it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { type Change, FileChanges, fileFlavours, knowsAuthors } from '../support/file-changes.ts'
import { generator, runBeside } from '../support/triggers.ts'

const flavour = fileFlavours.find(knowsAuthors)

/** Copies of the generator, on the file system of the folder, a tmpfs and, where the kernel has it, an overlay. */
function programsIn(folder: string): Disposable & { readonly path: string; readonly mounts: readonly string[] } {
  const path = join(folder, 'programs')
  mkdirSync(path)
  for (const name of ['a', 'b']) copyFileSync(generator('writers'), join(path, name))
  writeFileSync(join(path, 's'), `#!${path}/a\n`, { mode: 0o755 })
  writeFileSync(join(path, 'bad'), Buffer.alloc(256), { mode: 0o755 })
  const mounts: string[] = []
  const mount = (name: string, ...args: string[]) => {
    mkdirSync(join(path, name))
    if (spawnSync('mount', [...args, join(path, name)]).status === 0) mounts.push(join(path, name))
  }
  mount('tmpfs', '-t', 'tmpfs', 'tmpfs')
  copyFileSync(generator('writers'), join(path, 'tmpfs', 'program'))
  for (const name of ['lower', 'upper', 'work']) mkdirSync(join(path, name))
  copyFileSync(generator('writers'), join(path, 'lower', 'program'))
  const layers = ['lower', 'upper', 'work'].map((name) => `${name}dir=${path}/${name}`).join(',')
  mount('overlay', '-t', 'overlay', '-o', layers, 'overlay')
  for (const [name, on] of Object.entries({ t: 'tmpfs', o: 'overlay' }))
    if (mounts.includes(join(path, on))) symlinkSync(join(path, on, 'program'), join(path, name))
  for (const name of ['a', 'b']) chmodSync(join(path, name), 0o755)
  return { path, mounts, [Symbol.dispose]: () => mounts.forEach((one) => void execFileSync('umount', ['-l', one])) }
}

interface Verdict {
  /** Name of the image that made the file, as it says, and of the one that it is blamed on. */
  readonly maker: string
  readonly blamed: string
  readonly certainty: unknown
}

function judge({ change, process }: Change): Verdict {
  const words = String(process.args).split(' ')
  const at = words.indexOf('image')
  return {
    maker: basename(String(change.file.path)).replace(/\.t?\d+$/, ''),
    blamed: at < 0 ? 'main' : (words[at + 1] as string),
    certainty: process.certainty,
  }
}

/** "r12-3": of the process of round 12 the fourth image. Below its images is the program that forked it, which is never too late. */
function isLater(one: string, other: string): boolean {
  const [, round = -1, step = -1] = one.match(/^r(\d+)-(\d+)$/) ?? []
  const [, otherRound = -1, otherStep = -1] = other.match(/^r(\d+)-(\d+)$/) ?? []
  return (
    one !== 'main' && other !== 'main' && (Number(round) > Number(otherRound) || (round === otherRound && Number(step) > Number(otherStep)))
  )
}

function shares(events: readonly Change[]): Record<string, number> {
  const counts: Record<string, number> = { exact: 0, window: 0, unknown: 0 }
  for (const { process } of events) counts[String(process.certainty)] = (counts[String(process.certainty)] ?? 0) + 1
  return counts
}

/** A number that nobody has. */
function freePid(): number {
  return spawnSync('/bin/true').pid
}

test.skipIf(!flavour).each([
  { who: 'ordinary writers', kinds: 'ordinary', rounds: 2000, least: 0.98, pid: () => 0 },
  { who: 'who mean to deceive', kinds: 'all', rounds: 2000, least: 0.6, pid: () => 0 },
  { who: 'all under one number', kinds: 'all', rounds: 1000, least: 0.1, pid: freePid },
])('exact authors are never wrong, and a known share is exact: $who', { timeout: 300_000 }, async ({ kinds, rounds, least, pid }) => {
  await using files = await FileChanges.watch({ flavour: flavour! })
  const seed = Math.floor(Math.random() * 2 ** 31)
  using programs = programsIn(files.base)
  await runBeside(generator('writers'), [String(seed), String(rounds), files.folder, programs.path, kinds, String(pid())])
  const names = readdirSync(files.folder)
  const made = () => files.events.filter((one) => one.change.kind === 'created')
  // Each event is kept whole, with all ancestors: on a busy machine that takes its time.
  await expect.poll(() => made().length, { timeout: 120_000, interval: 100 }).toBe(names.length)
  const told = files.events.map(judge)
  expect([seed, told.filter((one) => one.certainty === 'exact' && one.blamed !== one.maker)]).toEqual([seed, []])
  expect([seed, told.filter((one) => one.certainty === 'window' && isLater(one.blamed, one.maker))]).toEqual([seed, []])
  const { exact = 0, window = 0, unknown = 0 } = shares(made())
  expect(exact + window + unknown).toBe(names.length)
  console.info(`${kinds}: of ${names.length} created files ${exact} exact, ${window} window, ${unknown} unknown`)
  expect(exact / names.length).toBeGreaterThan(least)
})
