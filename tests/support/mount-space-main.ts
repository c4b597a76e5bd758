/**
 * node mount-space-main.ts OPTIONS, within a mount namespace of its own: watches as the options of the file sensor (JSON) say. Commands for the
 * shell come in, one a line; out go lines of JSON: changes, warnings, and for each command that it is done.
 */
import { execFileSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { definePlugin } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import fim from '@cws/plugin-fim'

const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
const text = (value: unknown) => (typeof value === 'string' ? value : null)
const teller = definePlugin(import.meta, {
  name: 'teller',
  setup(ctx) {
    ctx.detect('change', null, ({ change }) => {
      tell({
        kind: change.kind,
        path: text(change.file.path),
        to: text(change.file.destination.path),
        known: typeof change.file.inode === 'bigint',
      })
    })
  },
})
await using pipeline = await TestPipeline.of([fim(JSON.parse(process.argv[2] as string)), teller()])
await pipeline.start()
tell({ done: 'start' })
for await (const command of createInterface(process.stdin)) {
  try {
    execFileSync('/bin/sh', ['-ec', command], { stdio: ['ignore', 'inherit', 'inherit'] })
    tell({ done: command, problems: pipeline.logs.filter(({ level }) => level === 'warn').map(({ message }) => message) })
  } catch (error) {
    tell({ failed: (error as Error).message })
  }
}
