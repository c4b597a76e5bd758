import { retval } from '../blocks/retval.ts'
import { defineEvent } from '../define-event.ts'
import { string } from '../field.ts'

export const unloadModule = defineEvent('unload_module', {
  doc: 'A module was taken out of the kernel.',
  fields: {
    name: string('Name of the module'),
    retval,
  },
})
