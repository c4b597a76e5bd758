import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const fork = defineEvent('fork', {
  doc: 'A process was made by fork, vfork or clone (threads are not). `process` is the child.',
  fields: { pid: int('Process id of the child'), ppid: int('Process id of the process that forked') },
})
