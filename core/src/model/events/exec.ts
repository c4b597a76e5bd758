import { processBlock } from '../blocks/process.ts'
import { defineEvent } from '../define-event.ts'

export const exec = defineEvent('exec', {
  doc: 'A process executed a program. `process` is the new image, the same as `exec`; `process.parent` is its parent. `exec.file` is the script when one was run, `exec.interpreter.file` its interpreter.',
  fields: processBlock,
  mirrors: 'process',
})
