import { defineRule } from '@cws/core'
import { isBy, isPackaged } from '../authors.ts'
import { SECURITY_TOOLS } from '../names.ts'
import { SEARCHERS } from '../programs.ts'

export const cryptominer = defineRule({
  id: 'cryptominer',
  name: 'A coin miner was started',
  severity: 'high',
  tags: ['mitre:T1496'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': [
          'xmrig*',
          'xmr-stak*',
          'minerd',
          'cpuminer*',
          'ccminer*',
          'ethminer',
          'nbminer',
          'lolMiner',
          'nanominer',
          'phoenixminer',
          'srbminer*',
          'kdevtmpfsi',
          'kinsing',
          'cnrig',
        ],
      },
      {
        'exec.args': [
          '*stratum+tcp:*',
          '*stratum+ssl:*',
          '*stratum+tls:*',
          '*stratum2+tcp:*',
          '*--donate-level*',
          '*--nicehash*',
          '*--randomx-*',
          '*--cryptonight*',
        ],
      },
    ],
  },
  // Who searches or reads about miners is none.
  when: (event) => !isBy(event, SEARCHERS),
  groupBy: ['container.id', 'exec.file.path'],
  message: '{{author}} mines coins: somebody else earns with this machine.',
  advice:
    'End the process, then find how it came in: a miner is what a break-in leaves behind. Look at cron, at new users and at SSH keys.',
  benign: ['Your own mining'],
  tests: {
    fires: [
      {
        'exec.file.name': 'git',
        'exec.file.path': '/usr/bin/git',
        'exec.args': '-o stratum+tcp://pool.example:3333',
        'process.file.path': '/usr/bin/git',
        'process.file.uid': 1000,
      },
      { 'exec.file.name': 'xmrig', 'exec.file.path': '/tmp/xmrig', 'exec.args': '' },
      { 'exec.file.name': 'nginx', 'exec.file.path': '/tmp/nginx', 'exec.args': '-o stratum+tcp://pool.example:3333 -u x' },
      { 'exec.file.name': 'x', 'exec.file.path': '/usr/local/bin/x', 'exec.args': '--donate-level=1 -k' },
    ],
    silent: [
      {
        'exec.file.name': 'grep',
        'exec.file.path': '/usr/bin/grep',
        'exec.args': '-r stratum+tcp:// /var/log',
        'process.file.path': '/usr/bin/grep',
        'process.file.uid': 0,
      },
      { 'exec.file.name': 'node', 'exec.file.path': '/usr/bin/node', 'exec.args': 'server.js' },
    ],
  },
})

export const securityToolStopped = defineRule({
  id: 'security-tool-stopped',
  name: 'A security tool was switched off',
  severity: 'medium',
  tags: ['mitre:T1562.001', 'mitre:T1562.012'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': ['systemctl', 'service', 'rc-service', 'chkconfig', 'update-rc.d'],
        all: [
          { 'exec.args': { regex: '\\b(?:stop|disable|mask|off|remove)\\b' } },
          {
            'exec.args': {
              regex: `\\b(?:${SECURITY_TOOLS})\\b`,
            },
          },
        ],
      },
      { 'exec.file.name': 'setenforce', 'exec.args': { regex: '(?i)^(?:0|permissive)$' } },
      { 'exec.file.name': 'auditctl', 'exec.args': { regex: '(?:^|\\s)(?:-e\\s*0|-D)(?:\\s|$)' } },
    ],
  },
  // Packages stop their service while they are replaced.
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'exec.args'],
  message: '{{author}} switches off a tool that watches or protects this host.',
  advice: 'Ask the user whether it was them, and switch it on again.',
  benign: ['Maintenance and upgrades by an administrator'],
  tests: {
    fires: [
      { 'exec.file.name': 'systemctl', 'exec.args': 'stop auditd', 'process.package_manager': '' },
      {
        'exec.file.name': 'systemctl',
        'exec.args': 'disable --now falco-modern-bpf.service',
        'process.package_manager': '',
      },
      { 'exec.file.name': 'setenforce', 'exec.args': '0', 'process.package_manager': '' },
      { 'exec.file.name': 'auditctl', 'exec.args': '-D', 'process.package_manager': '' },
      { 'exec.file.name': 'auditctl', 'exec.args': '-e 0' },
      { 'exec.file.name': 'systemctl', 'exec.args': 'stop auditd', 'process.ancestors.file.path': ['/usr/bin/bash', '/usr/bin/dpkg'] },
    ],
    silent: [
      { 'exec.file.name': 'systemctl', 'exec.args': 'restart auditd' },
      { 'exec.file.name': 'systemctl', 'exec.args': 'stop nginx' },
      { 'exec.file.name': 'systemctl', 'exec.args': 'kill -s HUP rsyslog.service' },
      {
        'exec.file.name': 'systemctl',
        'exec.args': '--quiet stop fail2ban.service',
        'process.package_manager': 'dpkg',
      },
      { 'exec.file.name': 'auditctl', 'exec.args': '-l' },
      { 'exec.file.name': 'setenforce', 'exec.args': '1' },
    ],
  },
})
