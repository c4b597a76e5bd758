import { fileBlock } from '../blocks/file.ts'
import { retval } from '../blocks/retval.ts'
import { defineEvent } from '../define-event.ts'
import { string } from '../field.ts'

export const setxattr = defineEvent('setxattr', {
  doc: 'An extended attribute of a file was set.',
  fields: {
    file: {
      ...fileBlock,
      destination: {
        name: string('Name of the attribute'),
        namespace: string('Name space of the attribute, for example `user` or `security`'),
      },
    },
    retval,
  },
})
