import { expect, it } from 'vitest'
import defaults from '../src/index.ts'

/** Tactics of MITRE ATT&CK that programs and files tell of, and techniques of each that the pack must not lose sight of. */
const TACTICS: Readonly<Record<string, readonly string[]>> = {
  'initial access': ['T1190', 'T1195.002', 'T1078.003'],
  execution: ['T1059.004', 'T1059.006', 'T1053.002', 'T1053.003', 'T1609', 'T1610', 'T1072'],
  persistence: [
    'T1543.002',
    'T1543.005',
    'T1546.004',
    'T1546.016',
    'T1547.006',
    'T1098.004',
    'T1136.001',
    'T1037',
    'T1543',
    'T1546',
    'T1505.003',
    'T1542.003',
    'T1554',
  ],
  'privilege escalation': ['T1068', 'T1548.001', 'T1548.003', 'T1611', 'T1574.006', 'T1098.007'],
  'defense evasion': [
    'T1014',
    'T1027.010',
    'T1036.003',
    'T1036.005',
    'T1070.002',
    'T1070.003',
    'T1070.006',
    'T1140',
    'T1222.002',
    'T1562.001',
    'T1562.003',
    'T1562.004',
    'T1562.012',
    'T1564.001',
    'T1205.002',
    'T1564.011',
    'T1564.013',
    'T1620',
  ],
  'credential access': [
    'T1003.007',
    'T1003.008',
    'T1040',
    'T1110.001',
    'T1528',
    'T1539',
    'T1552.001',
    'T1552.003',
    'T1552.004',
    'T1552.005',
    'T1552.007',
    'T1555.003',
    'T1556.003',
    'T1557.002',
    'T1558',
  ],
  discovery: ['T1018', 'T1033', 'T1046', 'T1049', 'T1057', 'T1082', 'T1083', 'T1613'],
  'lateral movement': ['T1021.004', 'T1210', 'T1563.001', 'T1570'],
  collection: ['T1005', 'T1213.006', 'T1074.001', 'T1113', 'T1560.001'],
  'command and control': ['T1071', 'T1071.004', 'T1090.003', 'T1095', 'T1102', 'T1105', 'T1219', 'T1571', 'T1572'],
  exfiltration: ['T1048', 'T1048.003', 'T1567.002', 'T1567.003'],
  impact: ['T1485', 'T1531', 'T1486', 'T1496', 'T1499.001', 'T1529', 'T1561.002', 'T1565.001'],
}

const covered = new Set(defaults.rules.flatMap(({ tags = [] }) => tags))

it.each(Object.entries(TACTICS))('%s is covered', (_, techniques) => {
  expect(techniques.filter((id) => !covered.has(`mitre:${id}`))).toEqual([])
})
