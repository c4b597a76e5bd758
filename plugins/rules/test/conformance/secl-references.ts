import type { Row } from './row.ts'

const EMPTY_FLOWS = { 'network_flow_monitor.flows.source.ip': [], 'network_flow_monitor.flows.length': 0 }
const MAPS = { 'open.file.path': '/proc/4242/maps' }

/** Networks, references, variables, macros, partial evaluation: rows 143 to 175 and 211 to 213 of SECL's reference. */
export const seclReferences: readonly Row[] = [
  { id: '143', on: 'connect', expr: 'connect.addr.ip == 10.0.0.0/8', is: true },
  { id: '144', on: 'connect', expr: 'connect.addr.ip in 10.0.0.0/8', is: true },
  { id: '145', on: 'connect', expr: 'connect.addr.ip in 10.1.2.3', error: 'syntax', at: '1:20' },
  { id: '146', on: 'connect', expr: 'connect.addr.ip in [10.1.2.3, 192.168.0.0/16]', is: true },
  { id: '147', on: 'connect', expr: 'connect.addr.ip not in [10.0.0.0/8]', is: false },
  { id: '148', on: 'connect', expr: 'connect.addr.ip == "10.1.2.3"', error: 'type', at: '1:20' },
  { id: '149', on: 'connect', expr: 'connect.addr.ip > 10.0.0.0', error: 'type', at: '1:17' },
  { id: '150', on: 'connect', expr: 'connect.addr.ip == ::ffff:10.1.2.3', is: true },
  { id: '151', on: 'connect', expr: 'connect.addr.ip in ::/0', is: false },
  { id: '152', on: 'connect', expr: 'connect.addr.ip == ::', error: 'type', at: '1:20' },
  { id: '153', on: 'connect', expr: 'connect.addr.ip in 10.0.0.0/99', error: 'type', at: '1:20' },
  { id: '154', on: 'network_flow_monitor', expr: 'network_flow_monitor.flows.source.ip allin 10.0.0.0/8', is: true },
  { id: '155', on: 'network_flow_monitor', expr: 'network_flow_monitor.flows.source.ip allin [10.0.0.0/8, 10.0.0.1]', is: false },
  { id: '156', on: 'network_flow_monitor', expr: 'network_flow_monitor.flows.source.ip allin 10.0.0.0/8', fields: EMPTY_FLOWS, is: true },
  { id: '157', on: 'dns', expr: 'dns.question.name == "api.example.COM"', is: true },
  { id: '158', on: 'exec', expr: '"%{process.comm}:%{process.uid}" == "curl:1000"', is: true },
  { id: '159', on: 'exec', expr: '%{process.uid} == 1000', is: true },
  { id: '160', on: 'exec', expr: '%{process.argv.length} == 4', is: true },
  { id: '161', on: 'exec', expr: '%{nope.field} == "x"', error: 'type', at: '1:1' },
  { id: '162', on: 'exec', expr: '${nope} == 1', error: 'type', at: '1:1' },
  { id: '163', on: 'exec', expr: '${process.pid} == 4242', is: true },
  { id: '164', on: 'open', expr: 'open.file.path == "/proc/${process.pid}/maps"', fields: MAPS, is: true },
  { id: '165', on: 'open', expr: 'open.file.path =~ "/proc/${process.pid}/*"', fields: MAPS, error: 'type', at: '1:19' },
  { id: '166', on: 'exec', expr: 'process.comm == "${abc"', is: false },
  { id: '167', on: 'exec', expr: '${k} == ~"cg_*"', variables: { k: 'cg_1' }, is: false },
  { id: '168', on: 'exec', expr: '${k} in ["", ~"cg_*"]', variables: { k: 'cg_1' }, is: true },
  { id: '169', on: 'exec', expr: 'process.comm in ${seen}', variables: { seen: ['curl'] }, is: true },
  { id: '170', on: 'exec', expr: 'process.comm not in ${seen}', variables: { seen: [] }, is: true },
  { id: '171', on: 'exec', expr: '"x_${list}" == "x_a,b"', variables: { list: ['a', 'b'] }, is: true },
  { id: '172', on: 'exec', expr: 'process.comm in SHELLS', macros: [{ id: 'SHELLS', expression: '["bash", ~"cu*"]' }], is: true },
  { id: '173', on: 'exec', expr: 'exec.file.path in P', macros: [{ id: 'P', expression: '[~"/usr/*"]' }], is: false },
  { id: '174', on: 'exec', expr: 'process.args in P2', macros: [{ id: 'P2', expression: '[~"*x.test*"]' }], is: true },
  { id: '175', on: 'exec', expr: 'process.comm in M', macros: [{ id: 'M', values: ['cu*'] }], is: false },
  // What is known of one field alone: false cannot become true, null may.
  { id: '211', expr: 'exec.comm == "a" && process.uid == 0', fields: { 'exec.comm': 'b' }, is: false },
  { id: '212', expr: 'exec.comm == "a" || process.uid == 0', fields: { 'exec.comm': 'b' }, is: null },
  { id: '213', expr: '!(process.uid == 0) && exec.comm != "b"', fields: { 'exec.comm': 'b' }, is: false },
]
