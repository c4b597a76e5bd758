import { fileBlock } from '../blocks/file.ts'
import { fileMetadataBlock } from '../blocks/file-metadata.ts'
import { processBlock } from '../blocks/process.ts'
import { syscallPath } from '../blocks/syscall.ts'
import { defineEvent } from '../define-event.ts'

export const exec = defineEvent('exec', {
  doc: 'A process executed a program. `process` is the new image, the same as `exec`; `process.parent` is its parent. `exec.file` is the script when one was run, `exec.interpreter.file` its interpreter.',
  fields: { ...processBlock, file: { ...fileBlock, metadata: fileMetadataBlock }, syscall: { path: syscallPath } },
  mirrors: 'process',
})
