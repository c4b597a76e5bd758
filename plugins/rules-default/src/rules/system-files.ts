import { defineRule } from '@cws/core'
import { AUTHOR, authorWhich, isFilled, isForeign, isPackaged } from '../authors.ts'
import { WRITTEN, written, writtenAs } from '../files.ts'
import { LINKERS } from '../programs.ts'

const PROGRAMS = ['/usr/bin/*', '/usr/sbin/*', '/bin/*', '/sbin/*', '/usr/lib/systemd/*', '/lib/systemd/*'] as const
/** `libc.so.6`, `libssl.so`, `ld-linux-x86-64.so.2`, in the folders where the loader looks. */
const LIBRARIES = '^/(?:usr/)?lib(?:32|64|x32)?/(?:[^/]+-linux-gnu[^/]*/|security/)?[^/]+\\.so(?:\\.[\\d.]+)?$'

export const preloadChanged = defineRule({
  id: 'preload-changed',
  name: 'A library is forced into every program',
  severity: 'critical',
  tags: ['mitre:T1574.006'],
  on: 'change',
  where: written('/etc/ld.so.preload'),
  when: isFilled,
  groupBy: ['container.id', 'process.file.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: every program that starts from now on loads what it names, before its own libraries. Rootkits hide files, processes and connections so.`,
  advice:
    'Read it with a statically linked program (`busybox cat`): what the library hides, it hides from `cat` too. Isolate the host if you do not know the library.',
  benign: ['A few tools for memory or for tracing that are installed host-wide'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/ld.so.preload' },
      { 'change.kind': 'created', 'change.path': '/etc/ld.so.preload' },
      { 'change.kind': 'renamed', 'change.path': '/etc/ld.so.preload', 'process.package_manager': 'dpkg' },
    ],
    silent: [
      { 'change.kind': 'created', 'change.path': '/etc/ld.so.preload', 'change.file.size': 0n },
      { 'change.kind': 'renamed', 'change.path': '/etc/ld.so.cache' },
      { 'change.kind': 'deleted', 'change.path': '/etc/ld.so.preload' },
    ],
  },
})

export const systemFileChanged = defineRule({
  id: 'system-file-changed',
  name: 'A program or library of the system was replaced',
  severity: 'high',
  tags: ['mitre:T1554', 'mitre:T1036.005', 'mitre:T1574'],
  on: 'change',
  where: {
    any: [written(...PROGRAMS), writtenAs(LIBRARIES)],
  },
  when: (event) => isForeign(event, LINKERS),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${authorWhich('is no package manager')}: what others trust to be the system's is not any more.`,
  advice:
    'Ask the package whether the file is its own (`dpkg --verify` or `rpm --verify`). If it is not, isolate the host: no program on it can be trusted.',
  benign: ['`make install` below /usr', 'Building an image', 'Agents that update themselves without a package manager'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/usr/bin/ls', 'process.file.path': '/usr/bin/bash', 'process.package_manager': '' },
      { 'change.kind': 'renamed', 'change.path': '/usr/sbin/sshd', 'process.file.path': '/tmp/dpkg', 'process.package_manager': '' },
      { 'change.kind': 'created', 'change.path': '/usr/bin/newtool', 'change.file.size': 12n },
      { 'change.kind': 'renamed', 'change.path': '/usr/lib/x86_64-linux-gnu/libc.so.6' },
      { 'change.kind': 'linked', 'change.path': '/lib64/ld-linux-x86-64.so.2' },
      { 'change.kind': 'renamed', 'change.path': '/usr/bin/x.dpkg-old', 'process.file.path': '/usr/bin/mv', 'process.package_manager': '' },
    ],
    silent: [
      { 'change.kind': 'renamed', 'change.path': '/usr/bin/ls', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'created', 'change.path': '/usr/bin/npm', 'process.package_manager': 'npm' },
      { 'change.kind': 'modified', 'change.path': '/usr/local/bin/deploy' },
      { 'change.kind': 'modified', 'change.path': '/usr/lib/python3/dist-packages/x.py' },
      {
        'change.kind': 'created',
        'change.path': '/usr/lib/x86_64-linux-gnu/libx.so.1',
        'process.file.path': '/usr/sbin/ldconfig',
        'process.file.uid': 0,
      },
      { 'change.kind': 'attributes', 'change.path': '/usr/bin/ls' },
      { 'change.kind': 'deleted', 'change.path': '/usr/bin/ls' },
    ],
  },
})

export const caStoreChanged = defineRule({
  id: 'ca-store-changed',
  name: 'Whom this host trusts was changed',
  severity: 'medium',
  tags: ['mitre:T1553.004'],
  on: 'change',
  where: {
    ...written(
      '/etc/ssl/certs/*',
      '/usr/local/share/ca-certificates/**',
      '/usr/share/ca-certificates/**',
      '/etc/ca-certificates.conf',
      '/etc/pki/ca-trust/source/**',
      '/usr/share/pki/ca-trust-source/**',
      '/etc/ca-certificates/trust-source/**',
    ),
  },
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: whoever has the key of a certificate that is trusted here can pose as any server and read along.`,
  advice:
    'Look at the certificate (`openssl x509 -noout -subject -in FILE`). If it is not one of yours, remove it and run `update-ca-certificates`.',
  benign: ['A company that adds a certificate of its own', '`update-ca-certificates` by an administrator'],
  tests: {
    fires: [
      { 'change.kind': 'created', 'change.path': '/usr/local/share/ca-certificates/x.crt', 'change.file.size': 1200n },
      { 'change.kind': 'renamed', 'change.path': '/etc/ssl/certs/ca-certificates.crt', 'process.package_manager': '' },
      { 'change.kind': 'modified', 'change.path': '/etc/pki/ca-trust/source/anchors/x.pem' },
    ],
    silent: [
      { 'change.kind': 'renamed', 'change.path': '/etc/ssl/certs/ca-certificates.crt', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'modified', 'change.path': '/etc/ssl/openssl.cnf' },
      { 'change.kind': 'created', 'change.path': '/etc/ssl/certs/x.pem', 'change.file.size': 0n },
    ],
  },
})

const REGULAR = 0o100000

export const setIdBitSet = defineRule({
  id: 'set-id-bit-set',
  name: 'A program gives its user the rights of another',
  severity: 'high',
  tags: ['mitre:T1548.001'],
  on: 'change',
  where: {
    any: [
      { 'change.kind': ['created', 'modified', 'attributes', 'linked'], 'change.file.mode': { bits: 0o6000 } },
      { 'change.kind': 'renamed', 'change.file.destination.mode': { bits: 0o6000 } },
    ],
  },
  when: (event) => {
    const mode = event.get(event.get('change.kind') === 'renamed' ? 'change.file.destination.mode' : 'change.file.mode') as number
    // Of a folder the bit means that files in it belong to its group; of a file that nobody of the group may run it meant a lock.
    const gives = (mode & 0o4111) > 0o4000 || (mode & 0o2010) === 0o2010
    return (mode & 0o170000) === REGULAR && gives && !isPackaged(event)
  },
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` has a set-id bit, and was {{@change.kind}} by ${AUTHOR}: who runs it has the rights of its owner. A shell with such a bit is a door to root.`,
  advice: 'See what the file is and whom it belongs to. If it is not yours, take the bit away (`chmod u-s,g-s`) and keep a copy.',
  benign: ['Software that is installed by hand', 'An administrator who repairs permissions'],
  tests: {
    fires: [
      { 'change.kind': 'attributes', 'change.file.mode': 0o104755, 'change.path': '/usr/local/bin/x' },
      { 'change.kind': 'created', 'change.file.mode': 0o102755, 'process.package_manager': '' },
      { 'change.kind': 'renamed', 'change.file.destination.mode': 0o106755 },
    ],
    silent: [
      { 'change.kind': 'attributes', 'change.file.mode': 0o100755 },
      { 'change.kind': 'created', 'change.file.mode': 0o42775 },
      { 'change.kind': 'attributes', 'change.file.mode': 0o102644 },
      { 'change.kind': 'attributes', 'change.file.mode': 0o104755, 'process.package_manager': 'dpkg' },
      { 'change.kind': 'deleted', 'change.file.mode': 0o104755 },
    ],
  },
})

export const packagesChanged = defineRule({
  id: 'packages-changed',
  name: 'A package manager changed programs or settings',
  severity: 'info',
  tags: ['mitre:T1072', 'mitre:T1195.002'],
  on: 'change',
  where: { 'change.kind': WRITTEN, 'process.package_manager': { not: '' }, 'change.path': { not: '/var/log/**' } },
  groupBy: ['container.id', 'process.package_manager'],
  message:
    'While {{@process.package_manager}} was at work, `{{@process.file.path}} {{@process.args}}` changed `{{@change.path}}` and as many more files as are counted here.',
  advice: 'None is needed if somebody installed or upgraded something. What was changed is in the log of the package manager.',
  benign: ['Every installation and upgrade'],
  tests: {
    fires: [{ 'change.kind': 'renamed', 'change.path': '/usr/bin/ls', 'process.package_manager': 'dpkg' }],
    silent: [
      { 'change.kind': 'renamed', 'change.path': '/usr/bin/ls', 'process.package_manager': '' },
      { 'change.kind': 'deleted', 'change.path': '/usr/bin/ls', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'modified', 'change.path': '/var/log/dpkg.log', 'process.package_manager': 'dpkg' },
    ],
  },
})
