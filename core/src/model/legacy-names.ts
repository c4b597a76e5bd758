/** Event types and blocks whose file was once named without its block: `open.filename` for `open.file.path`. */
const FILES = [
  'open',
  'chmod',
  'chown',
  'mkdir',
  'rmdir',
  'unlink',
  'utimes',
  'setxattr',
  'removexattr',
  'exec',
  'process',
  'process.ancestors',
]
const MODES = ['open', 'chmod', 'mkdir']
const COMMS = ['exec', 'process', 'process.ancestors']

const NAMES: ReadonlyMap<string, string> = new Map([
  ['async', 'event.async'],
  ...FILES.flatMap((of) => file(of, '', `${of}.file`)),
  ...MODES.map((of): Renamed => [`${of}.mode`, `${of}.file.destination.mode`]),
  ...['uid', 'gid', 'user', 'group'].map((id): Renamed => [`chown.${id}`, `chown.file.destination.${id}`]),
  ...['setxattr', 'removexattr'].flatMap((of) =>
    ['name', 'namespace'].map((what): Renamed => [`${of}.${what}`, `${of}.file.destination.${what}`]),
  ),
  ...file('rename', '.old', 'rename.file'),
  ...file('rename', '.new', 'rename.file.destination'),
  ...file('link', '.source', 'link.file'),
  ...file('link', '.target', 'link.file.destination'),
  ['exec.overlay_numlower', 'exec.file.overlay_numlower'],
  ...COMMS.map((of): Renamed => [`${of}.name`, `${of}.comm`]),
])

type Renamed = readonly [old: string, name: string]

function file(of: string, which: string, block: string): readonly Renamed[] {
  return [
    [`${of}${which}.filename`, `${block}.path`],
    [`${of}${which}.basename`, `${block}.name`],
  ]
}

/**
 * The name that a field of an old SECL rule has now, for example `open.file.path` for `open.filename`; undefined if `name` is none of the old
 * ones. Subscripts must have been taken out of it: `process.ancestors.name`, not `process.ancestors[A].name`.
 */
export function legacyField(name: string): string | undefined {
  return NAMES.get(name)
}
