import { type Condition, type Field, parseCondition, type Readable, type Scope, UNKNOWN } from '@cws/core'
import type { Model } from './language.ts'

/** What is written in `fim.write` rules; macros may not use it, for they are read once. */
export const FIM_FIELDS = 'fim.write.file.'

/** What a write is seen by: system calls, where all of a group are fed; else the change of the file. Never both. */
type Group = 'content' | 'attributes' | 'name' | 'links' | 'removal'

interface Kind {
  readonly on: string
  readonly group: Group
  /** The files that it is about: a rule holds if it does for one of them. */
  readonly files: readonly string[]
  /** What must hold besides. */
  readonly besides?: string
}

/** O_WRONLY and O_RDWR are no bits of one mask: SECL asks for any of these. */
const WRITES = 'open.flags & (O_CREAT|O_TRUNC|O_APPEND|O_RDWR|O_WRONLY) > 0'
const OTHER_OWNER = ['uid', 'gid']
  .map((id) => `(chown.file.destination.${id} != -1 && chown.file.destination.${id} != chown.file.${id})`)
  .join(' || ')

const SYSCALLS: readonly Kind[] = [
  { on: 'open', group: 'content', files: ['open.file.'], besides: WRITES },
  { on: 'chmod', group: 'attributes', files: ['chmod.file.'], besides: 'chmod.file.destination.mode != chmod.file.mode' },
  { on: 'chown', group: 'attributes', files: ['chown.file.'], besides: OTHER_OWNER },
  { on: 'utimes', group: 'attributes', files: ['utimes.file.'] },
  { on: 'rename', group: 'name', files: ['rename.file.', 'rename.file.destination.'] },
  { on: 'link', group: 'links', files: ['link.file.'] },
  { on: 'unlink', group: 'removal', files: ['unlink.file.'] },
]

const CHANGES: readonly Kind[] = [
  { on: 'change', group: 'content', files: ['change.file.'], besides: 'change.kind in ["created", "modified"]' },
  { on: 'change', group: 'attributes', files: ['change.file.'], besides: 'change.kind == "attributes"' },
  { on: 'change', group: 'name', files: ['change.file.', 'change.file.destination.'], besides: 'change.kind == "renamed"' },
  { on: 'change', group: 'links', files: ['change.file.'], besides: 'change.kind == "linked"' },
  { on: 'change', group: 'removal', files: ['change.file.'], besides: 'change.kind == "deleted"' },
]

/** The kinds that this model has: a third of them is no rule. */
function kindsOf(model: Model): Kind[] {
  const types = new Set(model.types())
  return [...SYSCALLS, ...CHANGES].filter(({ on }) => types.has(on))
}

/** What `fim.write` rules can use: the common fields, and those of files that all its kinds have. */
export function fimScope(model: Model): Scope {
  const kinds = kindsOf(model).filter(({ on }) => on !== 'change')
  const fields = new Map<string, Field>()
  const [first, ...others] = kinds.map(({ on }) => model.get(on))
  for (const [name, field] of first?.fields ?? []) {
    const common = !name.startsWith('open.')
    if (common) {
      if (others.every((one) => one.fields.has(name))) fields.set(name, field)
      continue
    }
    const part = name.startsWith('open.file.') ? name.slice('open.file.'.length) : undefined
    if (part !== undefined && kinds.every(({ on, files }) => files.every((file) => model.get(on).fields.has(file + part))))
      fields.set(FIM_FIELDS + part, field)
  }
  return { type: 'fim.write', fields }
}

/** A copy of a `fim.write` condition for one type of event. */
export interface Copy {
  readonly on: string
  readonly condition: Condition
  readonly group: Group
  /** What messages and actions take for `fim.write`'s file: of a renamed one the new name. */
  readonly file: string
}

/**
 * The copies of a condition: one for each kind of event that a write shows itself by. Left out are those whose event has not all fields of the
 * condition.
 */
export function copiesOf(condition: Condition, fieldsUsed: Iterable<string>, model: Model): Copy[] {
  const used = [...fieldsUsed]
  return kindsOf(model).flatMap(({ on, group, files, besides }): Copy[] => {
    const event = model.get(on)
    const has = (field: string, file: string) => event.fields.has(renamed(field, file))
    const fitting = files.filter((file) => used.every((field) => has(field, file)))
    const file = fitting.at(-1)
    if (file === undefined) return []
    const some = fitting.map((one) => renameIn(condition, one))
    const of = some.length === 1 ? (some[0] as Condition) : ({ op: 'or', of: some } satisfies Condition)
    if (besides === undefined) return [{ on, group, file, condition: of }]
    return [{ on, group, file, condition: { op: 'and', of: [parseCondition(besides, event), of] } }]
  })
}

/** Decides which copies run: by what is fed when an event comes. */
export class FimGate {
  readonly #isFed: (type: string) => boolean
  /** A sensor can feed `open` and not know how files are opened; then the change is what shows a write. */
  #knowsFlags = false

  constructor(isFed: (type: string) => boolean) {
    this.#isFed = isFed
  }

  runs({ on, group }: Pick<Copy, 'on' | 'group'>): boolean {
    const all = SYSCALLS.filter((kind) => kind.group === group).every((kind) => this.#isFed(kind.on))
    const seen = all && (group !== 'content' || this.#knowsFlags)
    return on === 'change' ? !seen : seen
  }

  /** An `open` has come. */
  sawOpen(event: Readable): void {
    if (!this.#knowsFlags) this.#knowsFlags = event.get('open.flags') !== UNKNOWN
  }
}

/** A name, or a text that names fields, with the event's own file in the place of `fim.write`'s. */
export function renamed(text: string, file: string): string {
  return text.replaceAll(FIM_FIELDS, file)
}

/** Conditions and values are plain data, in which fields are named by whole texts. What rules compare with is under other keys. */
export function renameIn<T>(node: T, file: string): T {
  if (Array.isArray(node)) return node.map((one) => renameIn(one, file)) as T
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      const names = typeof value === 'string' && ['field', 'other', 'over'].includes(key)
      return [key, names ? renamed(value, file) : renameIn(value, file)]
    }),
  ) as T
}
