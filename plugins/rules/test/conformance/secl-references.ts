import type { Row } from './row.ts'

/** Networks, references, variables, macros, partial evaluation: rows 143 to 175 and 211 to 213 of SECL's reference. */
export const seclReferences: readonly Row[] = [
  { id: '161', on: 'exec', expr: '%{nope.field} == "x"', error: 'type', at: '1:1' },
  { id: '162', on: 'exec', expr: '${nope} == 1', error: 'type', at: '1:1' },
  { id: '166', on: 'exec', expr: 'process.comm == "${abc"', is: false },
  // What is known of one field alone: false cannot become true, null may.
  { id: '211', expr: 'exec.comm == "a" && process.uid == 0', fields: { 'exec.comm': 'b' }, is: false },
  { id: '212', expr: 'exec.comm == "a" || process.uid == 0', fields: { 'exec.comm': 'b' }, is: null },
  { id: '213', expr: '!(process.uid == 0) && exec.comm != "b"', fields: { 'exec.comm': 'b' }, is: false },
]
