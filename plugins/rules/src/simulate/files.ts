import { spawn, spawnSync } from 'node:child_process'
import { accessSync, closeSync, constants, copyFileSync, existsSync, fchmodSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import type { MakeTrigger, ReadTrigger } from '@cws/core'
import { Place } from './place.ts'
import { SHELL } from './run.ts'

/** One of the programs for any file at all, which rules look for. */
const BASH = '/bin/bash'

/** Rules leave empty files alone. */
const CONTENT = '# made by cws rules simulate, removed at once\n'

/**
 * $1 is the file. It is opened again and again: of a file that is new the watch hears a moment later, and of who has just become another program
 * either may have been the one.
 */
const OPENER = 'i=0; while [ $i -lt 50 ]; do sleep 0.2; i=$((i+1)); : <"$1"; done'

export function obstacleToMake({ make }: MakeTrigger): string | undefined {
  const folder = dirname(make)
  if (!existsSync(folder)) return `there is no folder ${folder} here`
  return existsSync(make) ? `${make} is there already` : obstacleToWrite(folder)
}

export function obstacleToRead({ read, madeWith, by }: ReadTrigger): string | undefined {
  if (!existsSync(BASH)) return `there is no ${BASH} here`
  const wrong = by !== undefined && isAbsolute(by) ? obstacleToMake({ make: by }) : undefined
  if (wrong !== undefined) return wrong
  if (existsSync(read)) return undefined
  return madeWith === undefined ? `there is no ${read} here` : obstacleToWrite(existing(read))
}

function obstacleToWrite(folder: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK)
    return undefined
  } catch {
    return `${folder} cannot be written`
  }
}

/** The innermost folder of a path that is there. */
const existing = (path: string): string => (existsSync(dirname(path)) ? dirname(path) : existing(dirname(path)))

export function makeFile({ make, mode = 0o644, by, removed }: MakeTrigger): () => void {
  const undo = (): void => rmSync(make, { force: true })
  if (by === undefined) write(make, mode)
  else writeBy(by, make)
  if (removed) undo()
  return undo
}

/** Fails if there is such a file: it is somebody's. */
function write(path: string, mode: number): void {
  const file = openSync(path, 'wx', mode & 0o777)
  try {
    writeSync(file, CONTENT)
    // Whatever the umask.
    fchmodSync(file, mode)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}

function writeBy(name: string, path: string): void {
  using place = new Place()
  // -C: not over what is there.
  const { error, status } = spawnSync(place.copyOf(SHELL, name), ['-Cc', 'printf %s "$1" >"$2"', name, CONTENT, path], { stdio: 'ignore' })
  if (error) throw error
  if (status !== 0) throw new Error(`${path} could not be written`)
}

export function readFile({ read, madeWith, by }: ReadTrigger): () => void {
  const made = madeWith === undefined || existsSync(read) ? undefined : makeWithFolder(read, madeWith)
  const [program, remove] = by === undefined ? [BASH, () => {}] : readerAt(by)
  // In a session of its own, and unable to outlive it by much.
  const reader = spawn(program, ['-c', OPENER, 'bash', read], { stdio: 'ignore', detached: true })
  reader.on('error', () => {})
  return () => {
    reader.kill('SIGKILL')
    made?.()
    remove()
  }
}

function readerAt(path: string): readonly [program: string, remove: () => void] {
  const place = isAbsolute(path) ? undefined : new Place()
  const program = place ? join(place.path, path) : path
  if (place) mkdirSync(dirname(program), { recursive: true })
  copyFileSync(BASH, program, constants.COPYFILE_EXCL)
  return [program, () => (place ? place[Symbol.dispose]() : rmSync(program, { force: true }))]
}

function makeWithFolder(path: string, mode: number): () => void {
  const folder = mkdirSync(dirname(path), { recursive: true })
  const removeFolder = (): void => {
    if (folder !== undefined) rmSync(folder, { recursive: true })
  }
  try {
    write(path, mode)
  } catch (error) {
    removeFolder()
    throw error
  }
  return () => {
    rmSync(path, { force: true })
    removeFolder()
  }
}
