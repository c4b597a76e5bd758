import type { Row } from './row.ts'

/** What one known field tells: false where no event with it can fulfil the condition, else UNKNOWN or true. */
export const partial: readonly Row[] = [
  { id: 'partial-1', expr: 'exec.comm == "a"', fields: { 'exec.comm': 'b' }, is: false },
  { id: 'partial-2', expr: 'exec.comm == "a"', fields: { 'exec.comm': 'a' }, is: true },
  { id: 'partial-3', expr: 'exec.comm != "a" && process.uid == 0', fields: { 'exec.comm': 'a' }, is: false },
  { id: 'partial-4', expr: 'exec.comm != "a" || process.uid == 0', fields: { 'exec.comm': 'a' }, is: null },
  { id: 'partial-5', expr: '!(exec.comm == "a") && !(process.uid == 0)', fields: { 'exec.comm': 'b' }, is: null },
  { id: 'partial-6', expr: '!(exec.comm == "b" && process.uid == 0)', fields: { 'exec.comm': 'b' }, is: null },
  { id: 'partial-7', expr: '!(exec.comm == "b" || process.uid == 0)', fields: { 'exec.comm': 'b' }, is: false },
  { id: 'partial-8', expr: 'exec.comm in ["a", "b"] && exec.comm != "a"', fields: { 'exec.comm': 'a' }, is: false },
  { id: 'partial-9', expr: 'exec.comm in ["a", "b"] && exec.comm != "a"', fields: { 'exec.comm': 'b' }, is: true },
  { id: 'partial-10', expr: 'exec.comm == process.parent.comm', fields: { 'exec.comm': 'b' }, is: null },
  { id: 'partial-11', expr: 'exec.comm == "a" && exec.comm == process.parent.comm', fields: { 'exec.comm': 'b' }, is: false },
  { id: 'partial-12', expr: 'exec.file.path =~ "/tmp/**" && process.uid == 0', fields: { 'exec.file.path': '/usr/bin/x' }, is: false },
  { id: 'partial-13', expr: 'exec.file.path =~ "/tmp/**" && process.uid == 0', fields: { 'exec.file.path': '/tmp/x' }, is: null },
  {
    id: 'partial-14',
    expr: 'exec.comm == ${v} && exec.comm == "a"',
    fields: { 'exec.comm': 'b' },
    variables: { v: { type: 'string', value: null } },
    is: false,
  },
  {
    id: 'partial-15',
    expr: 'exec.comm == ${v}',
    fields: { 'exec.comm': 'b' },
    variables: { v: { type: 'string', value: null } },
    is: null,
  },
  {
    id: 'partial-16',
    expr: 'process.ancestors[A].comm == "a" && exec.comm == "a"',
    fields: { 'exec.comm': 'b', 'process.ancestors.length': 1 },
    is: false,
  },
  { id: 'partial-17', expr: 'exec.comm == "a" && (process.uid == 0 || exec.comm == "b")', fields: { 'exec.comm': 'b' }, is: false },
  { id: 'partial-18', expr: '(exec.comm == "a") == (process.uid == 0)', fields: { 'exec.comm': 'b' }, is: null },
  { id: 'partial-19', expr: 'process.uid > 5 && process.gid < 3', fields: { 'process.uid': 5 }, is: false },
  { id: 'partial-20', expr: 'process.uid & 4 > 0 && process.gid < 3', fields: { 'process.uid': 3 }, is: false },
]
