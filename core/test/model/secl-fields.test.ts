import { describe, expect, it } from 'vitest'
import { sourceOf } from '../../src/model/derive.ts'
import { isField, isIterated, type Shape } from '../../src/model/field.ts'
import { EventRegistry } from '../../src/model/registry.ts'

/* What SECL says that an event type has, in words: `b i s p` are bool, int, string and address, `[]` an array. */

/** `a.b c[]:s` with `{x y}` for several, each with its kind before it. */
function fields(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  let kind = ''
  for (const word of text.trim().split(/\s+/)) {
    if (/^[bisp](\[\])?:$/.test(word)) kind = word.slice(0, -1)
    else found.set(word, kind)
  }
  return found
}

const below = (prefix: string, of: ReadonlyMap<string, string>, array = false): (readonly [string, string])[] =>
  [...of].map(([name, kind]) => [`${prefix}.${name}`, array && !kind.endsWith('[]') ? `${kind}[]` : kind])

const FILE = fields(`s: path name extension filesystem user group
  i: path.length name.length inode mount_id mode rights uid gid change_time modification_time
  b: in_upper_layer mount_visible mount_detached  s[]: hashes
  s: package.name package.version package.release package.source_version package.source_release  i: package.epoch package.source_epoch`)

const PROCESS = new Map([
  ...fields(`i: pid tid ppid uid gid euid egid fsuid fsgid auid cap_effective cap_permitted caps_attempted caps_used created_at
    s: comm argv0 args tty_name user group euser egroup fsuser fsgroup container.id cgroup.id
    s: user_session.k8s_username user_session.k8s_uid user_session.ssh_username user_session.ssh_client_ip user_session.ssh_public_key
    i: user_session.ssh_auth_method user_session.ssh_port cgroup.version cgroup.file.inode cgroup.file.mount_id
    s[]: argv args_flags args_options envs envp user_session.k8s_groups
    b: is_exec is_thread is_kworker args_truncated envs_truncated`),
  ...below('file', FILE),
  ...below('interpreter.file', FILE),
])

const context = (prefix: string) => [
  ...below(prefix, PROCESS),
  ...below(`${prefix}.parent`, PROCESS),
  ...below(`${prefix}.ancestors`, PROCESS, true),
  [`${prefix}.ancestors.length`, 'i'] as const,
]

const COMMON = new Map([
  ...context('process'),
  ...fields(`s: container.id  i: container.created_at  s[]: container.tags  s: cgroup.id
    i: cgroup.version cgroup.file.inode cgroup.file.mount_id  b: event.async
    s: event.hostname event.origin event.os event.service event.source  s[]: event.rule.tags  i: event.timestamp`),
])

const NETWORK = fields(`p: source.ip destination.ip  i: source.port destination.port  b: source.is_public destination.is_public
  i: l3_protocol l4_protocol size type network_direction  s: device.ifname`)

const file = below('file', FILE)
const twoFiles = [...file, ...below('file.destination', FILE)]
const R = fields('i: retval')

/** By event type: its own fields below its name. */
const EVENTS: Readonly<Record<string, Iterable<readonly [string, string]>>> = {
  accept: [...R, ...fields('i: addr.family p: addr.ip i: addr.port b: addr.is_public s: addr.hostname')],
  bind: [...R, ...fields('i: addr.family p: addr.ip i: addr.port b: addr.is_public i: protocol')],
  connect: [...R, ...fields('i: addr.family p: addr.ip i: addr.port b: addr.is_public s: addr.hostname i: protocol')],
  bpf: [...R, ...fields('i: cmd s: map.name i: map.type s: prog.name prog.tag i: prog.type prog.attach_type i[]: prog.helpers')],
  capabilities: fields('i: attempted used'),
  capset: fields('i: cap_effective cap_permitted'),
  cgroup_write: [...fields('i: pid'), ...file],
  chdir: [...R, ...file, ...fields('s: syscall.path')],
  chmod: [...R, ...file, ...fields('i: file.destination.mode file.destination.rights s: syscall.path i: syscall.mode')],
  chown: [
    ...R,
    ...file,
    ...fields(`i: file.destination.uid file.destination.gid s: file.destination.user file.destination.group
      s: syscall.path i: syscall.uid syscall.gid`),
  ],
  dns: fields('i: id s: question.name i: question.type question.class question.count question.length question.name.length response.code'),
  exec: [
    ...PROCESS,
    ...fields(`s: syscall.path i: file.metadata.size file.metadata.type b: file.metadata.is_executable
      i: file.metadata.architecture file.metadata.abi b: file.metadata.is_upx_packed i: file.metadata.compression
      b: file.metadata.is_garble_obfuscated`),
  ],
  exit: [...PROCESS, ...fields('i: cause code')],
  imds: fields('s: cloud_provider host server type url user_agent b: aws.is_imds_v2 s: aws.security_credentials.type'),
  link: [...R, ...twoFiles, ...fields('s: syscall.path syscall.destination.path')],
  load_module: [...R, ...file, ...fields('s: name args s[]: argv b: args_truncated loaded_from_memory')],
  unload_module: [...R, ...fields('s: name')],
  mkdir: [...R, ...file, ...fields('i: file.destination.mode file.destination.rights s: syscall.path i: syscall.mode')],
  mmap: [...R, ...file, ...fields('i: flags protection')],
  mprotect: [...R, ...fields('i: vm_protection req_protection')],
  mount: [
    ...R,
    ...fields(`s: fs_type source.path mountpoint.path root.path syscall.fs_type syscall.source.path syscall.mountpoint.path
      b: detached visible`),
  ],
  network_flow_monitor: fields(`p[]: flows.source.ip flows.destination.ip i[]: flows.source.port flows.destination.port
    b[]: flows.source.is_public flows.destination.is_public i[]: flows.l3_protocol flows.l4_protocol
    i[]: flows.ingress.data_size flows.ingress.packet_count flows.egress.data_size flows.egress.packet_count
    i: flows.length s: device.ifname`),
  open: [...R, ...file, ...fields('i: flags file.destination.mode s: syscall.path i: syscall.flags syscall.mode')],
  packet: [...NETWORK, ...fields('s: filter i: tls.version')],
  prctl: [...R, ...fields('i: option s: new_name b: is_name_truncated')],
  ptrace: [...R, ...fields('i: request'), ...context('tracee')],
  removexattr: [...R, ...file, ...fields('s: file.destination.name file.destination.namespace')],
  setxattr: [...R, ...file, ...fields('s: file.destination.name file.destination.namespace')],
  rename: [...R, ...twoFiles, ...fields('s: syscall.path syscall.destination.path')],
  rmdir: [...R, ...file, ...fields('s: syscall.path')],
  selinux: fields('s: bool.name bool.state enforce.status b: bool_commit.state'),
  setuid: fields('i: uid euid fsuid s: user euser fsuser'),
  setgid: fields('i: gid egid fsgid s: group egroup fsgroup'),
  setrlimit: [...R, ...fields('i: resource rlim_cur rlim_max'), ...context('target')],
  setsockopt: [
    ...R,
    ...fields(`i: level optname socket_family socket_type socket_protocol filter_len i[]: used_immediates
      s: filter_hash filter_instructions b: is_filter_truncated`),
  ],
  signal: [...R, ...fields('i: type pid'), ...context('target')],
  splice: [...R, ...file, ...fields('i: pipe_entry_flag pipe_exit_flag')],
  sysctl: fields('s: name value old_value i: action file_position b: name_truncated value_truncated old_value_truncated'),
  unlink: [...R, ...file, ...fields('i: flags s: syscall.path i: syscall.flags syscall.dirfd')],
  utimes: [...R, ...file, ...fields('s: syscall.path')],
}

const KINDS: Readonly<Record<string, string>> = { string: 's', path: 's', int: 'i', int64: 'i', bool: 'b', ip: 'p' }
/** File blocks have globs; mounts and what calls were given do not, for SECL says so. */
const isGlob = (name: string) => /(^|\.)(file|destination)\.path$/.test(name) && !name.includes('syscall.')

const registry = new EventRegistry()

describe.each(Object.keys(EVENTS))('%s', (type) => {
  const { fields: known } = registry.get(type)

  it('has the fields of SECL, of its kinds', () => {
    const wanted = new Map([...below(type, new Map(EVENTS[type])), ...COMMON])
    if (type === 'dns' || type === 'imds') for (const [name, kind] of below('network', NETWORK)) wanted.set(name, kind)
    expect([...wanted.keys()].filter((name) => !known.has(name))).toEqual([])
    for (const [name, kind] of wanted) {
      const field = known.get(name)
      expect(field && KINDS[field.field] + (field.array ? '[]' : ''), name).toBe(kind)
      if (kind.startsWith('s') && name.endsWith('.path')) expect(field?.field === 'path', name).toBe(isGlob(name))
    }
  })
})

describe('the standard events', () => {
  const all = [...registry.values()]

  it('are declared each once, with a meaning for every field', () => {
    expect(new Set(all.map(({ type }) => type)).size).toBe(all.length)
    for (const { fields: known } of all) for (const [name, { doc }] of known) expect(doc, name).toMatch(/\S.{2,}/)
  })

  it('make the map of fields when somebody asks, and once', () => {
    const [event] = new EventRegistry().values()
    expect(Object.getOwnPropertyDescriptor(event, 'fields')?.get).toBeTypeOf('function')
    expect(event?.fields).toBe(event?.fields)
  })

  it('derive fields from fields that they have', () => {
    let count = 0
    for (const { type, fields: known } of all)
      for (const [name, { derived }] of known)
        if (derived) {
          expect(known.has(sourceOf(name, derived)), `${name} of ${type}`).toBe(true)
          count++
        }
    expect(count).toBeGreaterThan(100)
  })

  it('repeat ancestors and flows, each with a length', () => {
    const repeated = new Set<string>()
    const walk = (shape: Shape, prefix: string) => {
      if (isIterated(shape)) {
        repeated.add(prefix)
        expect(shape['length'], prefix).toMatchObject({ field: 'int', array: false })
      }
      for (const [name, node] of Object.entries(shape)) if (!isField(node)) walk(node, `${prefix}${prefix && '.'}${name}`)
    }
    for (const { shape } of all) walk(shape, '')
    expect([...repeated].sort()).toEqual([
      'network_flow_monitor.flows',
      'process.ancestors',
      'ptrace.tracee.ancestors',
      'setrlimit.target.ancestors',
      'signal.target.ancestors',
    ])
  })

  it('have no event for fim.write: policies expand it', () => {
    expect(registry.find('fim.write')).toBeUndefined()
    expect(registry.find('fim')).toBeUndefined()
  })
})
