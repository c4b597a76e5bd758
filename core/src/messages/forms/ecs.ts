import { rankOf } from '../../signals/severity.ts'
import type { Signal } from '../../signals/signal.ts'
import type { Letter } from '../letter.ts'
import { renderPlain } from '../render-plain.ts'
import { block, commandOf, digestsOf, digits, fileOf, known, number, techniquesOf, text, texts } from './facts.ts'

type Values = Readonly<Record<string, unknown>>

/** The release of the schema whose words these are. */
const VERSION = '8.17.0'
/** How deep parents are written. */
const PARENTS = 1

/** Values of `event.category` and `event.type`, by the type of the event. */
const KINDS: Readonly<Record<string, readonly [category: string, type: string]>> = {
  exec: ['process', 'start'],
  fork: ['process', 'start'],
  exit: ['process', 'end'],
  ptrace: ['process', 'access'],
  signal: ['process', 'info'],
  open: ['file', 'access'],
  change: ['file', 'change'],
  chmod: ['file', 'change'],
  chown: ['file', 'change'],
  rename: ['file', 'change'],
  utimes: ['file', 'change'],
  setxattr: ['file', 'change'],
  removexattr: ['file', 'change'],
  link: ['file', 'creation'],
  mkdir: ['file', 'creation'],
  unlink: ['file', 'deletion'],
  rmdir: ['file', 'deletion'],
  load_module: ['driver', 'start'],
  unload_module: ['driver', 'end'],
  connect: ['network', 'connection'],
  bind: ['network', 'info'],
  dns: ['network', 'protocol'],
  setuid: ['iam', 'change'],
  setgid: ['iam', 'change'],
}

/** What a change did to the file, by `change.kind`, where it is more than a change. */
const CHANGES: Readonly<Record<string, string>> = { created: 'creation', linked: 'creation', deleted: 'deletion' }

/** A document of the Elastic Common Schema, an alert. The signal as CWS writes it stands below `cws.signal`, which the schema leaves to us. */
export function ecsDocument({ key, reason, title, message, signal }: Letter): object {
  const { event } = signal
  const type = text(event, 'type')
  const [category, kind] = (type === undefined ? undefined : KINDS[type]) ?? []
  const did = CHANGES[text(block(event, 'change'), 'kind') ?? ''] ?? kind ?? 'info'
  const process = block(event, 'process')
  const container = text(block(event, 'container'), 'id') ?? text(block(process, 'container'), 'id')
  const user = known({ name: text(process, 'user'), id: digits(process, 'uid') })
  return {
    '@timestamp': signal.last_seen,
    ecs: { version: VERSION },
    message: renderPlain(message) || title,
    tags: signal.tags,
    event: known({
      kind: 'alert',
      id: key,
      module: 'cws',
      dataset: 'cws.signal',
      provider: 'cws',
      category: category === undefined ? ['intrusion_detection'] : ['intrusion_detection', category],
      type: [did],
      action: type,
      reason: signal.message === '' ? undefined : signal.message,
      severity: rankOf(signal.severity),
      start: signal.first_seen,
      end: signal.last_seen,
      sequence: signal.revision,
    }),
    rule: { id: signal.rule.id, name: signal.rule.name },
    ...threatOf(signal),
    host: { name: signal.host.name, hostname: signal.host.name },
    agent: { type: 'cws', name: signal.host.name },
    ...known({
      process: processOf(process, PARENTS),
      user,
      file: ofFile(fileOf(event)),
      container: container === undefined ? undefined : { id: container },
    }),
    related: known({ hosts: [signal.host.name], user: user?.name === undefined ? undefined : [user.name] }),
    cws: { reason, signal },
  }
}

function threatOf({ tags }: Signal): object {
  const techniques = techniquesOf(tags)
  if (techniques.length === 0) return {}
  const sub = techniques.flatMap((each) => each.sub ?? [])
  return {
    threat: {
      framework: 'MITRE ATT&CK',
      technique: {
        id: [...new Set(techniques.map(({ technique }) => technique))],
        ...(sub.length > 0 && { subtechnique: { id: sub } }),
      },
    },
  }
}

function processOf(process: Values | undefined, parents: number): object | undefined {
  const argv0 = text(process, 'argv0')
  const argv = texts(process, 'argv')
  const args = argv0 === undefined || argv === undefined ? undefined : [argv0, ...argv]
  const file = block(process, 'file')
  return known({
    pid: number(process, 'pid'),
    name: text(file, 'name') ?? text(process, 'comm'),
    executable: text(file, 'path'),
    args,
    args_count: args?.length,
    command_line: commandOf(process),
    working_directory: text(process, 'cwd'),
    start: text(process, 'created_at'),
    user: known({ name: text(process, 'euser'), id: digits(process, 'euid') }),
    real_user: known({ name: text(process, 'user'), id: digits(process, 'uid') }),
    hash: hashOf(file),
    parent: parents > 0 ? processOf(block(process, 'parent'), parents - 1) : undefined,
  })
}

function ofFile(file: Values | undefined): object | undefined {
  const extension = text(file, 'extension')?.slice(1)
  const mode = number(file, 'mode')
  return known({
    path: text(file, 'path'),
    name: text(file, 'name'),
    extension: extension === '' ? undefined : extension,
    inode: digits(file, 'inode'),
    mode: mode === undefined ? undefined : (mode & 0o7777).toString(8).padStart(4, '0'),
    uid: digits(file, 'uid'),
    gid: digits(file, 'gid'),
    owner: text(file, 'user'),
    group: text(file, 'group'),
    size: number(file, 'size'),
    hash: hashOf(file),
  })
}

const HASHES: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha256', 'sha384', 'sha512'])

function hashOf(file: Values | undefined): object | undefined {
  return known(Object.fromEntries(digestsOf(file).flatMap(({ algorithm, value }) => (HASHES.has(algorithm) ? [[algorithm, value]] : []))))
}
