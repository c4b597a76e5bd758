import { expect, it } from 'vitest'
import { conclusionView } from '../src/cli/conclusion-view.ts'

it('shows the findings that a detection concluded from, nothing in them acting on a terminal', () => {
  const fields = {
    'process.pid': 7,
    'process.file.path': '/usr/bin/cat',
    'process.args': '/etc/\u001b[2Jshadow',
    'container.id': '',
    'open.file.path': '/etc/shadow',
  }
  const findings = [
    { rule: 'password-hashes-opened', timestamp: '2027-01-01T10:00:00.123456789Z', type: 'open', fields },
    { rule: 'short', timestamp: '2027-01-01T10:00:01.000000000Z', type: 'exec', fields: { 'process.pid': 8 } },
  ]
  expect(conclusionView(findings).split('\n')).toEqual([
    'concluded from',
    '  10:00:00.123  password-hashes-opened  7 /usr/bin/cat /etc/\\u{1b}[2Jshadow  open.file.path=/etc/shadow',
    '  10:00:01.000  short                   8',
  ])
  expect(
    Math.max(
      ...conclusionView(findings, 60)
        .split('\n')
        .map((row) => row.length),
    ),
  ).toBeLessThanOrEqual(60)
})
