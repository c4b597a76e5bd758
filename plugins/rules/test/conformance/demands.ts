/** What rules of one event type demand of a field together: what a sensor may filter by (SECL calls the values approvers). */
export interface DemandRow {
  /** As in `Row`. */
  readonly id: string
  readonly rules: readonly string[]
  readonly field: string
  /** One of these holds of every event that fulfils one of the rules; undefined: no filter by this field, all events are needed. */
  readonly demands: readonly string[] | undefined
  /** Values with which a rule may be true: none may be missing. */
  readonly needed?: readonly string[]
  /** Values with which no rule is: a filter may let them through all the same. */
  readonly useless?: readonly string[]
  readonly differs?: string
}

const NAME = 'open.file.name'
const PATH = 'open.file.path'

/** Rows 214 to 216 of SECL's reference, and more of the kind. */
export const demands: readonly DemandRow[] = [
  { id: '214', rules: ['open.file.name == "a"', 'open.flags & O_CREAT > 0'], field: NAME, demands: undefined, needed: ['a', 'b'] },
  {
    id: '215',
    rules: ['open.file.name in ["a","b"] && open.file.name != "a"'],
    field: NAME,
    demands: ['a', 'b'],
    needed: ['b'],
    useless: ['a', 'c'],
  },
  { id: '216', rules: ['open.file.path == ~"/etc/*/x"'], field: PATH, demands: ['/etc/*/x'], needed: ['/etc/a/x'], useless: ['/etc/x'] },
  {
    id: '216-none',
    rules: ['open.file.path == ~"/etc/x*"'],
    field: PATH,
    demands: ['/etc/x*'],
    needed: ['/etc/xa'],
    useless: ['/etc/a'],
    differs:
      'SECL filters by the last name of a path, which a wildcard in it forbids. Here the whole path is looked at, so that any pattern bounds',
  },
  { id: 'demand-1', rules: ['open.file.name == "a"', 'open.file.name == "b"'], field: NAME, demands: ['a', 'b'], useless: ['c'] },
  { id: 'demand-2', rules: ['open.file.name == "a" && process.uid == 0'], field: NAME, demands: ['a'], useless: ['b'] },
  { id: 'demand-3', rules: ['open.file.name == "a" || process.uid == 0'], field: NAME, demands: undefined, needed: ['b'] },
  { id: 'demand-4', rules: ['open.file.name != "a"'], field: NAME, demands: undefined, needed: ['b'], useless: ['a'] },
  { id: 'demand-5', rules: ['open.file.name == "a" && open.file.name == "b"'], field: NAME, demands: ['a'], useless: ['a', 'b'] },
  { id: 'demand-6', rules: ['!(open.file.name not in ["a", "b"])'], field: NAME, demands: ['a', 'b'], needed: ['a', 'b'], useless: ['c'] },
  { id: 'demand-7', rules: ['open.file.name == "a" && false'], field: NAME, demands: [], useless: ['a'] },
  { id: 'demand-8', rules: ['open.file.name =~ "a*" && open.file.name in ["ab", "b"]'], field: NAME, demands: ['a*'], useless: ['b'] },
]
