import { retval } from '../blocks/retval.ts'
import { defineEvent } from '../define-event.ts'
import { bool, string } from '../field.ts'

export const mount = defineEvent('mount', {
  doc: 'A file system was mounted.',
  fields: {
    fs_type: string('Type of the file system'),
    source: { path: string('What was mounted: a device, or the folder of a bind mount; no glob') },
    mountpoint: { path: string('Where it was mounted; no glob') },
    root: { path: string('Root of the mount within its file system; no glob') },
    detached: bool('The mount hangs in no mount namespace'),
    visible: bool('The mount can be seen in the mount namespace of the process'),
    syscall: {
      fs_type: string('Type of the file system as the call was given it'),
      source: { path: string('What to mount as the call was given it; no glob') },
      mountpoint: { path: string('Where to mount as the call was given it; no glob') },
    },
    retval,
  },
})
