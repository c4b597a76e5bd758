/**
 * Runs benchmarks/<case>/bench.ts one after another, each in a process of its own; a case prints one figure a line.
 *   node benchmarks/run.ts [FILTER]   only cases whose name contains FILTER
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const filter = process.argv[2] ?? ''
const cases = globSync('*/bench.ts', { cwd: import.meta.dirname }).filter((file) => dirname(file).includes(filter))
if (cases.length === 0) {
  console.error(`no benchmark's name contains "${filter}"`)
  process.exit(2)
}
let failed = 0
for (const file of cases.sort()) {
  console.error(`# ${basename(dirname(file))}`)
  const { status, signal } = spawnSync(process.execPath, [...process.execArgv, join(import.meta.dirname, file)], { stdio: 'inherit' })
  if (status !== 0) {
    console.error(`# ${basename(dirname(file))} failed: ${signal ?? `exit code ${status}`}`)
    failed = 1
  }
}
process.exitCode = failed
