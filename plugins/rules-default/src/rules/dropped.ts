import { defineRule } from '@cws/core'
import { isPackaged, RAN } from '../authors.ts'
import { DOWNLOADERS, INTERPRETERS, SHELL_PROGRAMS } from '../names.ts'

/** Folders in which all can write, and where what is fetched is first put. */
const PLACES = '(?:/tmp|/var/tmp|/dev/shm|/run/shm)'

export const downloadToTemporary = defineRule({
  id: 'download-to-temporary-folder',
  name: 'Something was fetched into a temporary folder',
  severity: 'info',
  tags: ['mitre:T1105'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': DOWNLOADERS,
        'exec.args': {
          regex: `(?:^|\\s)(?:-[a-zA-Z]*[oOPd]|--output(?:-document|-dir)?|--directory-prefix|--dir)[\\s=]*["']?${PLACES}(?:/|\\s|$)`,
        },
      },
      { 'exec.file.name': DOWNLOADERS, 'process.cwd': ['/tmp', '/var/tmp', '/dev/shm', '/tmp/**', '/var/tmp/**', '/dev/shm/**'] },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} fetches a file to where all can write.`,
  advice: 'None by itself: see what it was, and whether it was run.',
  benign: ['Installers, scripts and people who fetch something'],
  tests: {
    fires: [
      { 'exec.file.name': 'curl', 'exec.args': '-s -o /tmp/x http://203.0.113.5/x' },
      { 'exec.file.name': 'wget', 'exec.args': '-qO /dev/shm/.x http://203.0.113.5/x', 'process.package_manager': '' },
      { 'exec.file.name': 'wget', 'exec.args': 'http://203.0.113.5/x', 'process.cwd': '/tmp' },
    ],
    silent: [
      { 'exec.file.name': 'curl', 'exec.args': '-fsSL https://example.com/x -o /root/x', 'process.cwd': '/root' },
      { 'exec.file.name': 'wget', 'exec.args': 'https://example.com/tmp/x', 'process.cwd': '/srv' },
      { 'exec.file.name': 'curl', 'exec.args': '-o /tmp/x http://a/x', 'process.package_manager': 'dpkg', 'process.cwd': '/' },
    ],
  },
})

export const programFromTemporary = defineRule({
  id: 'program-from-temporary-folder',
  name: 'A program or script ran that lies in a temporary folder itself',
  severity: 'info',
  tags: ['mitre:T1059.004', 'mitre:T1204.002'],
  on: 'exec',
  where: {
    any: [
      // What builds and package managers make lies in folders of their own below.
      { 'exec.file.path': ['/tmp/*', '/var/tmp/*', '/dev/shm/*', '/tmp/.*/*', '/var/tmp/.*/*'] },
      {
        'exec.file.name': [...SHELL_PROGRAMS, ...INTERPRETERS],
        'exec.args': { regex: `^(?:-\\S+ )*${PLACES}/(?:\\.[^/\\s]+/)?[^/\\s]+(?:\\s|$)` },
      },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} lies where all can write.`,
  advice: 'None by itself: see how it came there.',
  benign: ['Scripts and tools that people try'],
  tests: {
    fires: [
      { 'exec.file.path': '/tmp/x', 'exec.file.name': 'x', 'exec.args': '' },
      { 'exec.file.path': '/usr/bin/dash', 'exec.file.name': 'dash', 'exec.args': '/tmp/x.sh -q', 'process.package_manager': '' },
    ],
    silent: [
      { 'exec.file.path': '/tmp/go-build1/b001/exe/main', 'exec.file.name': 'main', 'exec.args': '' },
      { 'exec.file.path': '/usr/bin/python3.12', 'exec.file.name': 'python3.12', 'exec.args': '/tmp/pip-build-env-x/overlay/setup.py' },
      { 'exec.file.path': '/usr/bin/dash', 'exec.file.name': 'dash', 'exec.args': '-c rm /tmp/x' },
      { 'exec.file.path': '/tmp/x', 'exec.file.name': 'x', 'exec.args': '', 'process.package_manager': 'dpkg' },
    ],
  },
})

export const leftRunning = defineRule({
  id: 'left-running-from-temporary-folder',
  name: 'Something in a temporary folder was told to run on',
  severity: 'medium',
  tags: ['mitre:T1564.011', 'mitre:T1059.004'],
  on: 'exec',
  where: {
    'exec.file.name': ['nohup', 'setsid', 'daemonize', 'coreutils', 'busybox'],
    'exec.args': {
      regex: `^(?:nohup |setsid )?(?:-\\S+ )*(?:(?:\\S*/)?(?:ba|da|z)?sh (?:-\\w+ )*)?${PLACES}/(?:\\.[^/\\s]+/)*[^/\\s]+(?:\\s|$)`,
    },
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} has a program out of a folder in which all can write run on after whoever started it is gone.`,
  advice: 'Keep a copy of the file, see how it came there and what the process is connected to.',
  benign: ['People who leave a long job running'],
  tests: {
    fires: [
      { 'exec.file.name': 'nohup', 'exec.args': '/tmp/x -a' },
      { 'exec.file.name': 'setsid', 'exec.args': '-f /dev/shm/.a/x', 'process.package_manager': '' },
      { 'exec.file.name': 'nohup', 'exec.args': 'bash /var/tmp/x.sh' },
      { 'exec.file.name': 'busybox', 'exec.args': 'nohup /tmp/x' },
    ],
    silent: [
      { 'exec.file.name': 'nohup', 'exec.args': 'java -jar /srv/app.jar' },
      { 'exec.file.name': 'setsid', 'exec.args': '-w make' },
      { 'exec.file.name': 'nohup', 'exec.args': '/tmp/build-1/bin/server' },
      { 'exec.file.name': 'nohup', 'exec.args': 'tail -f /tmp/x' },
    ],
  },
})
