import { fileBlock } from '../blocks/file.ts'
import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const cgroupWrite = defineEvent('cgroup_write', {
  doc: 'A process was moved into a control group.',
  fields: {
    file: fileBlock,
    pid: int('Process id of the one that was moved'),
  },
})
