import { fileBlock } from '../blocks/file.ts'
import { defineEvent } from '../define-event.ts'
import { bool, path, string } from '../field.ts'

export const change = defineEvent('change', {
  doc: 'File integrity: something is now different on disk.',
  fields: {
    kind: string('`created`, `modified`, `deleted`, `renamed`, `attributes` or `linked`'),
    path: path('The name that the file has since: of a renamed one the new name, else `change.file.path`', { recurs: true }),
    is_directory: bool('It is a directory'),
    file: { ...fileBlock, destination: fileBlock },
  },
})
