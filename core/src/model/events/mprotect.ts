import { retval } from '../blocks/retval.ts'
import { VM_FLAGS } from '../constants/memory.ts'
import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const mprotect = defineEvent('mprotect', {
  doc: 'The protection of memory was changed.',
  fields: {
    vm_protection: int('Flags of the memory area before', { constants: VM_FLAGS }),
    req_protection: int('Protection that was asked for', { constants: VM_FLAGS }),
    retval,
  },
})
