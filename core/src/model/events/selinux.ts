import { defineEvent } from '../define-event.ts'
import { bool, string } from '../field.ts'

export const selinux = defineEvent('selinux', {
  doc: 'The enforcement or a boolean of SELinux was changed.',
  fields: {
    bool: {
      name: string('Name of the boolean that was changed'),
      state: string('State that it was given: `on` or `off`'),
    },
    bool_commit: { state: bool('Changes of booleans were committed') },
    enforce: { status: string('Status since: `enforcing`, `permissive` or `disabled`') },
  },
})
