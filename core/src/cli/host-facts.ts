import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { release, type } from 'node:os'
import { dirname } from 'node:path'
import type { Folders } from '../config/folders.ts'

/** The agent's runtime, its rights and its folders, as `cws doctor` tells them. */
export interface HostFacts {
  readonly node: string
  readonly runtime: string
  readonly kernel: string
  readonly arch: string
  readonly user: number | null
  /** Names of the effective capabilities; null where the system has none. */
  readonly capabilities: readonly string[] | null
  readonly folders: Readonly<Record<keyof Folders, FolderFact>>
}

export interface FolderFact {
  readonly path: string
  readonly state: 'usable' | 'can be made' | 'missing' | 'not writable'
}

/** By number, of linux/capability.h: those that a sensor may need. */
const CAPABILITIES: Readonly<Record<number, string>> = {
  0: 'CAP_CHOWN',
  1: 'CAP_DAC_OVERRIDE',
  2: 'CAP_DAC_READ_SEARCH',
  12: 'CAP_NET_ADMIN',
  19: 'CAP_SYS_PTRACE',
  21: 'CAP_SYS_ADMIN',
  24: 'CAP_SYS_RESOURCE',
  38: 'CAP_PERFMON',
  39: 'CAP_BPF',
}

export function hostFacts(folders: Folders): HostFacts {
  return {
    node: process.versions.node,
    runtime: process.execPath,
    kernel: `${type()} ${release()}`,
    arch: process.arch,
    user: process.geteuid?.() ?? null,
    capabilities: capabilities(),
    folders: {
      config: { path: folders.config, state: existsSync(folders.config) ? 'usable' : 'missing' },
      state: { path: folders.state, state: folderState(folders.state) },
      run: { path: folders.run, state: folderState(folders.run) },
    },
  }
}

function capabilities(): readonly string[] | null {
  try {
    const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`)
    return Object.entries(CAPABILITIES).flatMap(([number, name]) => ((mask >> BigInt(number)) & 1n ? [name] : []))
  } catch {
    return null
  }
}

function folderState(path: string): FolderFact['state'] {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there) return writable(path) ? 'usable' : 'not writable'
  let parent = dirname(path)
  while (!existsSync(parent)) parent = dirname(parent)
  return writable(parent) ? 'can be made' : 'not writable'
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}
