import { randomBytes } from 'node:crypto'
import { EXEC, FLAG } from '../record/layout.ts'
import type { Lineages } from './lineages.ts'
import type { Node, Nodes } from './nodes.ts'
import type { Row, Rows } from './rows.ts'

/** Fields that are the same for all images of one command besides those of its lineage, by their names below the process block. */
export const COMMAND_FIELDS: ReadonlySet<string> = new Set(['argv0', 'argv', 'args', 'args_truncated', 'envp', 'envs', 'envs_truncated'])

/** The flags that these are read by. */
const FLAGS = FLAG.ARGV_UNKNOWN | FLAG.ARGV_TRUNCATED | FLAG.CHUNK_LOST | FLAG.ENVP_UNKNOWN | FLAG.ENVP_TRUNCATED
/** Commands that are remembered; then all are forgotten. */
const MAX_COMMANDS = 4096
const SLOTS = 2 * MAX_COMMANDS
/** Longer arguments are seldom given again, bytes. */
const MAX_ARGUMENTS = 2048
const MAX_ENVIRONMENT = 2048
/** Of arguments and environments that are held, each as often as a command has it, and of a command besides, bytes. */
const MAX_HELD = 4 * 1024 * 1024
const OWN_BYTES = 64

/**
 * Numbers for what is executed again and again: a lineage with its arguments and environment. Given the second time, so that who makes up arguments
 * takes no room. Numbers are never used again. A command holds its strings, whose own numbers would else come to mean others.
 */
export class Commands {
  readonly #nodes: Nodes
  readonly #rows: Rows
  readonly #lineages: Lineages
  readonly #seed = randomBytes(4).readInt32LE()
  readonly #slots = new Uint16Array(SLOTS)
  /** Hashes that were seen once: two that share a place push each other out. */
  readonly #seen = new Int32Array(SLOTS)
  readonly #lineage = new Float64Array(MAX_COMMANDS + 1)
  readonly #argv = new Uint32Array(MAX_COMMANDS + 1)
  readonly #envp = new Uint32Array(MAX_COMMANDS + 1)
  readonly #flags = new Uint32Array(MAX_COMMANDS + 1)
  /** Of the command in place 1. */
  #first = 1
  #count = 0
  readonly #maxHeld: number
  #held = 0
  /** The image that was seen for the first time last: whoever else asks for it asks for the same time. */
  #noted = 0

  /** `maxBytes`: how much of the table may be held for it. */
  constructor(nodes: Nodes, rows: Rows, lineages: Lineages, maxBytes: number) {
    this.#maxHeld = Math.min(maxBytes, MAX_HELD)
    this.#nodes = nodes
    this.#rows = rows
    this.#lineages = lineages
  }

  /** 0: it was not seen before, is longer than is worth while, or nobody can say for want of room. */
  of(node: Node): number {
    const row = this.#nodes.row[node] as Row
    if (row === 0) return 0
    const rows = this.#rows
    const argv = rows.textId(row, EXEC.argv)
    const envp = rows.textId(row, EXEC.envp)
    if (argv === 0 || envp === 0) return 0
    const argvBytes = rows.textLength(row, EXEC.argv)
    const envpBytes = rows.textLength(row, EXEC.envp)
    if (argvBytes > MAX_ARGUMENTS || envpBytes > MAX_ENVIRONMENT) return 0
    const lineage = this.#lineages.of(node)
    if (lineage === 0) return 0
    const flags = rows.flags(row) & FLAGS
    // Not of the numbers: those of what came once are used again for others that come once.
    const hash = this.#hash(lineage, rows.strings.hashOf(argv), rows.strings.hashOf(envp), flags)
    let slot = (hash >>> 0) % SLOTS
    for (let place = this.#slots[slot] as number; place !== 0; place = this.#slots[slot] as number) {
      if (this.#lineage[place] === lineage && this.#argv[place] === argv && this.#envp[place] === envp && this.#flags[place] === flags)
        return this.#first + place - 1
      slot = (slot + 1) % SLOTS
    }
    const first = (hash >>> 0) % SLOTS
    const image = this.#nodes.image[node] as number
    if (this.#seen[first] !== hash) {
      this.#seen[first] = hash
      this.#noted = image
      return 0
    }
    if (image === this.#noted) return 0
    const bytes = OWN_BYTES + argvBytes + envpBytes
    if (this.#count >= MAX_COMMANDS || this.#held + bytes > this.#maxHeld) {
      this.clear()
      slot = first
    }
    const place = ++this.#count
    this.#slots[slot] = place
    this.#lineage[place] = lineage
    this.#argv[place] = argv
    this.#envp[place] = envp
    this.#flags[place] = flags
    this.#held += bytes
    rows.strings.retain(argv)
    rows.strings.retain(envp)
    return this.#first + place - 1
  }

  /** Lets go of all strings. */
  clear(): void {
    for (let place = 1; place <= this.#count; place++) {
      this.#rows.strings.release(this.#argv[place] as number)
      this.#rows.strings.release(this.#envp[place] as number)
    }
    this.#slots.fill(0)
    this.#first += this.#count
    this.#count = 0
    this.#held = 0
  }

  #hash(lineage: number, argv: number, envp: number, flags: number): number {
    let hash = Math.imul(this.#seed ^ lineage, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15) ^ argv, 0xc2b2ae35)
    hash = Math.imul(hash ^ (hash >>> 13) ^ envp, 0x27d4eb2f)
    hash = Math.imul(hash ^ (hash >>> 16) ^ flags, 0x165667b1)
    return hash ^ (hash >>> 15)
  }
}
