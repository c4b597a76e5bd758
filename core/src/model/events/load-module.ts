import { fileBlock } from '../blocks/file.ts'
import { retval } from '../blocks/retval.ts'
import { defineEvent } from '../define-event.ts'
import { bool, string, strings } from '../field.ts'

export const loadModule = defineEvent('load_module', {
  doc: 'A module was loaded into the kernel.',
  fields: {
    file: fileBlock,
    name: string('Name of the module'),
    args: string('Arguments of the module, joined by one space'),
    argv: strings('Arguments of the module'),
    args_truncated: bool('Arguments were longer than the sensor keeps'),
    loaded_from_memory: bool('It came from memory, not from a file'),
    retval,
  },
})
