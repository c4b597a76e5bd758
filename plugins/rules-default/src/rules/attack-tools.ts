import { defineRule } from '@cws/core'
import { RAN } from '../authors.ts'

const advice = 'Ask whether somebody tests your defences. If not, isolate the host, keep a copy of the file and find how it came here.'
const benign = ['Security tests that were asked for', 'Training and research']

export const privilegeScanner = defineRule({
  id: 'privilege-scanner',
  name: 'A tool looked for ways to become root',
  severity: 'high',
  tags: ['mitre:T1082', 'mitre:T1057', 'mitre:T1548.001', 'mitre:T1611'],
  on: 'exec',
  where: {
    'exec.file.name': [
      ...[
        'linpeas*',
        'lse.sh',
        'LinEnum.sh',
        'linenum.sh',
        'linux-exploit-suggester*',
        'les.sh',
        'les2.pl',
        'linuxprivchecker.*',
        'pspy',
        'pspy32*',
      ],
      ...[
        'pspy64*',
        'unix-privesc-check*',
        'deepce.sh',
        'cdk_linux*',
        'peirates*',
        'kdigger*',
        'amicontained*',
        'traitor',
        'traitor-*',
        'botb*',
      ],
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} is known for one purpose: it lists what a user could become root by, or leave a container by.`,
  advice,
  benign,
  tests: {
    fires: [
      { 'exec.file.name': 'linpeas.sh', 'exec.args': '-a' },
      { 'exec.file.name': 'pspy64', 'exec.args': '' },
      { 'exec.file.name': 'cdk_linux_amd64', 'exec.args': 'evaluate' },
    ],
    silent: [
      { 'exec.file.name': 'cdk', 'exec.args': 'deploy' },
      { 'exec.file.name': 'lsof' },
      { 'exec.file.name': 'bash', 'exec.args': 'linpeas' },
    ],
  },
})

export const remoteControlImplant = defineRule({
  id: 'remote-control-implant',
  name: 'A tool for remote control of hosts that were broken into was started',
  severity: 'high',
  tags: ['mitre:T1219', 'mitre:T1071.001', 'mitre:T1095'],
  on: 'exec',
  where: {
    'exec.file.name': [
      ...['sliver', 'sliver-server', 'sliver-client*', 'merlinAgent*', 'merlinagent*', 'mettle', 'msfconsole', 'msfvenom', 'meterpreter*'],
      ...['gs-netcat', 'gs-sftp', 'gs-mount', 'gsocket', 'emp3r0r*', 'villain*', 'pupysh*', 'poshc2*', 'SharpC2*'],
      ...['ssh-it*', 'impacket-*', 'evil-winrm*', 'crackmapexec*', 'netexec', 'nxc', 'bloodhound-python', 'kerbrute*'],
    ],
  },
  groupBy: ['container.id', 'exec.file.path'],
  message: `${RAN} bears the name of a tool with which intruders command hosts, or go on from one to the next.`,
  advice,
  benign,
  tests: {
    fires: [
      { 'exec.file.name': 'gs-netcat', 'exec.args': '-s x -i' },
      { 'exec.file.name': 'merlinAgent-Linux-x64' },
      { 'exec.file.name': 'impacket-secretsdump' },
    ],
    silent: [{ 'exec.file.name': 'silver' }, { 'exec.file.name': 'tsh', 'exec.args': 'ssh host' }, { 'exec.file.name': 'ssh' }],
  },
})

export const passwordGuesser = defineRule({
  id: 'password-guesser',
  name: 'Passwords of other hosts are being guessed',
  severity: 'high',
  tags: ['mitre:T1110.001', 'mitre:T1110.003'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': ['thc-hydra', 'ncrack', 'patator', 'patator.py', 'sshprank', 'brutespray*', 'crowbar', 'legba', 'cewl', 'xhydra'],
      },
      { 'exec.file.name': ['hydra', 'medusa'], 'exec.args': { regex: '(?:^|\\s)-[lLuUpPCM]\\s' } },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} tries one password after the other: this host attacks others.`,
  advice: 'End it, see which hosts it went for and warn who looks after them. Then find how it came here.',
  benign,
  tests: {
    fires: [
      { 'exec.file.name': 'hydra', 'exec.args': '-l root -P list.txt ssh://203.0.113.5' },
      { 'exec.file.name': 'ncrack', 'exec.args': '-p 22 203.0.113.5' },
    ],
    silent: [{ 'exec.file.name': 'hydra', 'exec.args': 'serve all' }, { 'exec.file.name': 'john.service' }],
  },
})

export const attackScanner = defineRule({
  id: 'attack-scanner',
  name: 'Other hosts were searched for holes',
  severity: 'medium',
  tags: ['mitre:T1046', 'mitre:T1595.002'],
  on: 'exec',
  where: {
    'exec.file.name': [
      ...[
        'masscan',
        'zmap',
        'zgrab*',
        'rustscan',
        'fscan*',
        'naabu',
        'nuclei',
        'nikto*',
        'sqlmap*',
        'gobuster',
        'ffuf',
        'wfuzz',
        'dirb',
        'dirbuster',
      ],
      ...[
        'feroxbuster',
        'wpscan',
        'commix*',
        'pnscan',
        'unicornscan',
        'subfinder',
        'enum4linux*',
        'smbmap',
        'xray_linux*',
        'goby-cmd*',
        'hping3',
      ],
    ],
  },
  groupBy: ['container.id', 'process.sid', 'exec.file.name'],
  message: `${RAN} searches networks or sites for holes: worms and intruders do it from each host that they take.`,
  advice: 'Ask the user whether it was them. If not, isolate the host: it is used against others.',
  benign,
  tests: {
    fires: [
      { 'exec.file.name': 'masscan', 'exec.args': '10.0.0.0/8 -p6379' },
      { 'exec.file.name': 'sqlmap.py', 'exec.args': '-u http://x' },
    ],
    silent: [
      { 'exec.file.name': 'nmap', 'exec.args': '-sn 10.0.0.0/24' },
      { 'exec.file.name': 'dirname', 'exec.args': '/x' },
    ],
  },
})

export const portsScanned = defineRule({
  id: 'ports-scanned',
  name: 'Ports of other hosts were looked at',
  severity: 'low',
  tags: ['mitre:T1046', 'mitre:T1018'],
  on: 'exec',
  where: {
    any: [
      { 'exec.file.name': ['nmap', 'arp-scan', 'netdiscover', 'nbtscan', 'fping'] },
      {
        'exec.file.name': ['nc', 'ncat', 'nc.openbsd', 'nc.traditional'],
        'exec.args': { regex: '(?:^|\\s)-\\w*z.*\\s\\d+-\\d+(?:\\s|$)' },
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'exec.file.name'],
  message: `${RAN} asks which hosts there are and what they offer.`,
  advice: 'Ask the user whether it was them. If not, see what that session did before and after.',
  benign: ['An administrator who looks at the network', 'Monitoring'],
  tests: {
    fires: [
      { 'exec.file.name': 'nmap', 'exec.args': '-sn 10.0.0.0/24' },
      { 'exec.file.name': 'nc.openbsd', 'exec.args': '-zvw1 10.0.0.1 1-1024' },
    ],
    silent: [
      { 'exec.file.name': 'nc.openbsd', 'exec.args': '-z localhost 5432' },
      { 'exec.file.name': 'ping', 'exec.args': '-c 1 host' },
    ],
  },
})

export const networkSpoofed = defineRule({
  id: 'network-spoofed',
  name: 'A tool that poses as another host was started',
  severity: 'high',
  tags: ['mitre:T1557.002', 'mitre:T1557', 'mitre:T1040'],
  on: 'exec',
  where: {
    'exec.file.name': [
      'ettercap*',
      'bettercap',
      'arpspoof',
      'dnsspoof',
      'dsniff',
      'macof',
      'Responder.py',
      'mitm6',
      'yersinia',
      'sslstrip*',
      'evilginx*',
    ],
  },
  groupBy: ['container.id', 'process.sid', 'exec.file.name'],
  message: `${RAN} leads the traffic of others through this host, to read or to change it.`,
  advice,
  benign,
  tests: {
    fires: [
      { 'exec.file.name': 'arpspoof', 'exec.args': '-t 10.0.0.5 10.0.0.1' },
      { 'exec.file.name': 'bettercap', 'exec.args': '' },
    ],
    silent: [{ 'exec.file.name': 'mitmproxy' }, { 'exec.file.name': 'arp', 'exec.args': '-an' }],
  },
})

export const packetsCaptured = defineRule({
  id: 'packets-captured',
  name: 'Traffic of the network was recorded',
  severity: 'low',
  tags: ['mitre:T1040'],
  on: 'exec',
  where: { 'exec.file.name': ['tcpdump', 'tshark', 'dumpcap', 'ngrep', 'tcpflow', 'snoop', 'termshark', 'netsniff-ng'] },
  groupBy: ['container.id', 'process.sid', 'exec.file.name'],
  message: `${RAN} reads what others send: passwords too, where they are not encrypted.`,
  advice: 'Ask the user whether it was them, and remove the records when they are no longer needed.',
  benign: ['An administrator who looks for a fault of the network'],
  tests: {
    fires: [{ 'exec.file.name': 'tcpdump', 'exec.args': '-i any -w /tmp/x port 21' }],
    silent: [{ 'exec.file.name': 'tcptraceroute' }, { 'exec.file.name': 'ss', 'exec.args': '-tln' }],
  },
})
