import { readFileSync } from 'node:fs'

/** The part of vitest's JSON report that is counted. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly name: string; readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

/** `N passed, N failed, N skipped`; a file that did not load has no tests to count and is named before it. */
export function countsOf(report: Report): { readonly notes: readonly string[]; readonly line: string } {
  const broken = report.testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0)
  return {
    notes: broken.map(({ name }) => `did not load: ${name}`),
    line: `${report.numPassedTests} passed, ${report.numFailedTests} failed, ${report.numPendingTests + report.numTodoTests} skipped`,
  }
}

if (import.meta.main) {
  const { notes, line } = countsOf(JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Report)
  for (const note of notes) console.log(note)
  console.log(line)
}
