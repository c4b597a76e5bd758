import { expect, it } from 'vitest'
import { legacyField } from '../../src/model/legacy-names.ts'

it.each([
  ['async', 'event.async'],
  ['open.filename', 'open.file.path'],
  ['open.basename', 'open.file.name'],
  ['exec.filename', 'exec.file.path'],
  ['process.filename', 'process.file.path'],
  ['process.ancestors.basename', 'process.ancestors.file.name'],
  ['process.ancestors.name', 'process.ancestors.comm'],
  ['exec.name', 'exec.comm'],
  ['open.mode', 'open.file.destination.mode'],
  ['chmod.mode', 'chmod.file.destination.mode'],
  ['mkdir.mode', 'mkdir.file.destination.mode'],
  ['chown.user', 'chown.file.destination.user'],
  ['chown.gid', 'chown.file.destination.gid'],
  ['rename.old.filename', 'rename.file.path'],
  ['rename.new.basename', 'rename.file.destination.name'],
  ['link.source.basename', 'link.file.name'],
  ['link.target.filename', 'link.file.destination.path'],
  ['setxattr.namespace', 'setxattr.file.destination.namespace'],
  ['removexattr.name', 'removexattr.file.destination.name'],
  ['exec.overlay_numlower', 'exec.file.overlay_numlower'],
])('%s is %s today', (old, name) => expect(legacyField(old)).toBe(name))

it.each(['open.file.path', 'process.ancestors[A].name', 'mount.filename', 'link.filename', 'chown.mode', '', 'constructor'])(
  '%s was never another name',
  (name) => expect(legacyField(name)).toBeUndefined(),
)
