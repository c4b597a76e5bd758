import type { Evidence, EvidenceProcess } from '../recorder/evidence.ts'
import type { Signal } from '../signals/signal.ts'

/** A process as it is drawn. */
interface Drawn {
  pid: number | null
  text: string
  parent: Drawn | undefined
  readonly children: Drawn[]
}

/** A line of the tree: what stands before the process, and the process. */
export interface TreeLine {
  readonly branch: string
  readonly pid: number | null
  readonly text: string
  /** The process of the event that the signal opened with. */
  readonly found: boolean
}

/** Ancestors that are drawn above the process that was found. */
const MAX_ABOVE = 8
/** Levels below the first. */
const MAX_DEPTH = 24

type Ancestor = { readonly pid?: number } & Told
type Told = {
  readonly file?: { readonly path?: string } | null
  readonly args?: string
  readonly argv0?: string
  readonly comm?: string
}

/** The processes of an evidence as a tree, below the ancestors that the signal's event names. */
export function processTree(signal: Signal, { processes, events }: Evidence): readonly TreeLine[] {
  const drawn = new Map<number, Drawn>()
  for (const one of processes) drawn.set(one.process, drawnOf(one.pid, wordsOf(one)))
  for (const one of processes) below(drawn, one)
  const author = (signal.event['process'] ?? {}) as Ancestor & { readonly ancestors?: readonly Ancestor[] }
  const number = events.find(({ found }) => found)?.process ?? processes.find(({ pid }) => pid === author.pid)?.process
  const subject = (number === undefined ? undefined : drawn.get(number)) ?? drawnOf(author.pid ?? null, wordsOf(author))
  const all = new Set([...drawn.values(), subject])
  climb(subject, othersAbove(author).slice(0, MAX_ABOVE), all)
  for (const one of all) one.parent?.children.push(one)
  const lines: TreeLine[] = []
  const seen = new Set<Drawn>()
  // What the process descends from, then who else is nobody's child, then what a broken evidence has in a circle.
  const roots = [...all].filter(({ parent }) => parent === undefined)
  for (const one of [...roots.filter((root) => isAbove(root, subject)), ...roots, ...all]) if (!seen.has(one)) draw(one, '', '', 0)
  return lines

  function draw(one: Drawn, branch: string, indent: string, depth: number): void {
    seen.add(one)
    lines.push({ branch, pid: one.pid, text: one.text, found: one === subject })
    const children = one.children.filter((child) => !seen.has(child)).sort((a, b) => (a.pid ?? 0) - (b.pid ?? 0))
    if (depth >= MAX_DEPTH) {
      if (children.length > 0) lines.push({ branch: `${indent}└─ `, pid: null, text: 'and what is below', found: false })
      for (const child of children) hide(child)
      return
    }
    for (const [i, child] of children.entries()) {
      const last = i === children.length - 1
      draw(child, `${indent}${last ? '└─ ' : '├─ '}`, `${indent}${last ? '   ' : '│  '}`, depth + 1)
    }
  }

  function hide(one: Drawn): void {
    const waiting = [one]
    for (let at = waiting.pop(); at; at = waiting.pop())
      if (!seen.has(at)) {
        seen.add(at)
        waiting.push(...at.children)
      }
  }
}

const drawnOf = (pid: number | null, text: string): Drawn => ({ pid, text, parent: undefined, children: [] })

/** Puts a process below the one that made it; of one that did nothing in that time the pid alone is known. */
function below(drawn: Map<number, Drawn>, { process, parent, ppid }: EvidenceProcess): void {
  if (parent === null || parent === process) return
  let above = drawn.get(parent)
  if (!above) {
    above = drawnOf(ppid, '')
    drawn.set(parent, above)
  }
  ;(drawn.get(process) as Drawn).parent = above
}

/** The ancestors, one a process: of several images that one had, the last. */
function othersAbove({ pid, ancestors = [] }: Ancestor & { readonly ancestors?: readonly Ancestor[] }): readonly Ancestor[] {
  return ancestors.filter((one, i) => one.pid !== (i === 0 ? pid : ancestors[i - 1]?.pid))
}

/** Follows the ancestors that the event names upwards, and fills in what the evidence does not have. */
function climb(subject: Drawn, ancestors: readonly Ancestor[], all: Set<Drawn>): void {
  let at = subject
  for (const ancestor of ancestors) {
    const pid = ancestor.pid ?? null
    const known = at.parent ?? [...all].find((one) => one.pid === pid && pid !== null && !isAbove(at, one))
    const above = known ?? drawnOf(pid, '')
    above.pid ??= pid
    if (above.text === '' && above.pid === pid) above.text = wordsOf(ancestor)
    all.add(above)
    at.parent = above
    at = above
  }
}

/** Whether `one` stands below `at`, or is it: it cannot stand above as well. */
function isAbove(at: Drawn, one: Drawn): boolean {
  const seen = new Set<Drawn>()
  for (let up: Drawn | undefined = one; up && !seen.has(up); up = up.parent) {
    if (up === at) return true
    seen.add(up)
  }
  return false
}

/** What was run: the file, and the arguments. */
export function wordsOf({ file, args, argv0, comm }: Told): string {
  return [file?.path ?? argv0 ?? comm ?? '', args ?? ''].filter((word) => word !== '').join(' ')
}
