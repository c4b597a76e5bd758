import type { Row } from './row.ts'

const NONE = { 'process.ancestors.comm': [], 'process.ancestors.pid': [], 'process.ancestors.uid': [], 'process.ancestors.length': 0 }
const WITHIN_NAMES = 'SECL takes an index that is not last for the name of an iterator; here that is an error, for nobody means it'

/** Arrays, iterators, indices, arguments, time: rows 96 to 142 of SECL's reference. */
export const seclArrays: readonly Row[] = [
  { id: '96', on: 'exec', expr: 'process.ancestors.comm == "sshd"', is: true },
  { id: '97', on: 'exec', expr: 'process.ancestors.comm != "sshd"', is: false },
  { id: '98', on: 'exec', expr: 'process.ancestors.comm !~ "ngin*"', is: true },
  { id: '99', on: 'exec', expr: 'process.ancestors.uid == 0 && process.ancestors.comm == "bash"', is: true },
  { id: '104', on: 'exec', expr: 'process.ancestors.comm not in ["sshd", "bash"]', is: false },
  { id: '107', on: 'exec', expr: 'process.ancestors[_].pid == 5', error: 'type', at: '1:1' },
  { id: '108', on: 'exec', expr: 'process.ancestors[].pid == 5', error: 'type', at: '1:1' },
  { id: '109', on: 'exec', expr: 'process.ancestors[0].comm == "systemd"', error: 'type', at: '1:1', differs: WITHIN_NAMES },
  { id: '110', on: 'exec', expr: 'process.ancestors.comm == "x"', fields: NONE, is: false },
  { id: '110b', on: 'exec', expr: 'process.ancestors.comm != "x"', fields: NONE, is: true },
  { id: '112', on: 'exec', expr: 'process.ancestors.uid > 500', is: true },
  { id: '112b', on: 'exec', expr: 'process.ancestors.uid < 500', is: true },
  { id: '113', on: 'exec', expr: '500 > process.ancestors.uid', is: true },
  { id: '114', on: 'exec', expr: 'process.ancestors.uid in [7, 1000]', is: true },
  { id: '115', on: 'exec', expr: 'process.ancestors.comm allin ["bash"]', is: true },
  { id: '116', on: 'exec', expr: '"sshd" in process.ancestors.comm', is: true },
  { id: '117', on: 'exec', expr: '"sshd" == process.ancestors.comm', error: 'type', at: '1:11' },
  { id: '118', on: 'exec', expr: '~"ss*" in process.ancestors.comm', is: true },
  { id: '119', on: 'exec', expr: 'process.ancestors.comm == process.argv', error: 'type', at: '1:27' },
  { id: '120', on: 'exec', expr: 'process.ancestors.comm in process.argv', is: false },
  { id: '123', on: 'exec', expr: 'process.comm[0] == "c"', error: 'type', at: '1:1' },
  { id: '124', on: 'exec', expr: 'process.ancestors.length == 3', is: true },
  { id: '129', on: 'exec', expr: 'process.created_at < 5s', is: true },
  { id: '130', on: 'exec', expr: 'process.created_at > 5s', is: false },
  { id: '132', on: 'exec', expr: 'process.created_at < 2s + 3s', is: false },
  { id: '135', on: 'exec', expr: 'process.created_at != 5s', error: 'type', at: '1:20' },
  { id: '136', on: 'exec', expr: '10s + 40s == 50s', is: true },
  { id: '138', on: 'exec', expr: 'process.created_at < 5d', error: 'syntax', at: '1:23' },
  { id: '139', on: 'exec', expr: 'process.created_at < 1h30m', error: 'syntax', at: '1:24' },
  { id: '140', on: 'exec', expr: 'process.created_at < 5ss', error: 'syntax', at: '1:22' },
  { id: '141', on: 'exec', expr: 'process.created_at > 2500ms', is: true },
  { id: '142', on: 'exec', expr: 'container.created_at > 90s', is: true },
]
