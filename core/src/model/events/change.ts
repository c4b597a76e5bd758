import { fileBlock } from '../blocks/file.ts'
import { defineEvent } from '../define-event.ts'
import { string } from '../field.ts'

export const change = defineEvent('change', {
  doc: 'File integrity: something is now different on disk.',
  fields: {
    kind: string('`created`, `modified`, `deleted`, `renamed`, `attributes` or `linked`'),
    file: { ...fileBlock, destination: fileBlock },
  },
})
