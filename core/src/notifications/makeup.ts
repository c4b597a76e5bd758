/** What is at work, by kind and name, each with a fingerprint of what it says: no value of it can be read from that. */
export interface Makeup {
  readonly plugins: Readonly<Record<string, string>>
  /** What plugins work by, as detection rules. */
  readonly rules: Readonly<Record<string, string>>
  readonly notifications: Readonly<Record<string, string>>
}

/** How names of one kind differ, each list in the order of the alphabet. */
export interface Difference {
  readonly kind: keyof Makeup
  readonly how: 'added' | 'changed' | 'removed'
  readonly names: readonly string[]
}

const KINDS = ['plugins', 'rules', 'notifications'] as const
const SAID = {
  plugins: ['plugin', 'plugins'],
  rules: ['rule', 'rules'],
  notifications: ['notification rule', 'notification rules'],
} as const
/** Of one list. */
const MOST_NAMED = 20

export function differences(before: Makeup, now: Makeup): readonly Difference[] {
  return KINDS.flatMap((kind) => {
    const [was, is] = [new Map(Object.entries(before[kind])), new Map(Object.entries(now[kind]))]
    const lists = {
      added: [...is.keys()].filter((name) => !was.has(name)),
      changed: [...is].filter(([name, print]) => was.has(name) && was.get(name) !== print).map(([name]) => name),
      removed: [...was.keys()].filter((name) => !is.has(name)),
    }
    return (['added', 'changed', 'removed'] as const).flatMap((how) =>
      lists[how].length > 0 ? [{ kind, how, names: lists[how].toSorted() }] : [],
    )
  })
}

/** One line: `2 rules added, 1 notification rule changed`. */
export function differencesTitle(found: readonly Difference[]): string {
  return found.map(({ kind, how, names }) => `${names.length} ${SAID[kind][names.length === 1 ? 0 : 1]} ${how}`).join(', ')
}

/** With names, and by whom where that is known. */
export function differencesText(found: readonly Difference[], by: ReadonlyMap<string, string>): string {
  return found
    .map(({ kind, how, names }) => {
      const shown = names.slice(0, MOST_NAMED).map((name) => {
        const who = kind === 'notifications' ? by.get(name) : undefined
        return who === undefined ? name : `${name} (by ${who})`
      })
      const more = names.length - shown.length
      const [one, several] = SAID[kind]
      const what = names.length === 1 ? one : several
      return `${what.charAt(0).toUpperCase()}${what.slice(1)} ${how}: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`
    })
    .join(' ')
}
