import { fileBlock } from '../blocks/file.ts'
import { retval } from '../blocks/retval.ts'
import { MAP_FLAGS, PROTECTIONS } from '../constants/memory.ts'
import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const mmap = defineEvent('mmap', {
  doc: 'Memory was mapped.',
  fields: {
    file: fileBlock,
    flags: int('Flags of the mapping', { constants: MAP_FLAGS }),
    protection: int('Protection of the mapping', { constants: PROTECTIONS }),
    retval,
  },
})
