import { defineRule } from '@cws/core'
import { RAN } from '../authors.ts'
import { DOWNLOADERS, INTERPRETERS, NETCATS, SHELLS } from '../names.ts'

const inContainer = { 'container.id': { not: '' } } as const

/** Process 1, which is the host's own wherever its pids are seen. */
const TARGET = '(?:^|\\s)(?:-[a-zA-Z]*t\\s*|--target[\\s=]+)1(?:\\s|$)'

export const hostNamespaceEntered = defineRule({
  id: 'host-namespace-entered',
  name: 'A program went into the namespaces of the host',
  severity: 'medium',
  tags: ['mitre:T1611'],
  on: 'exec',
  where: {
    any: [
      { 'exec.file.name': 'nsenter', 'exec.args': { regex: TARGET } },
      { 'exec.file.name': 'busybox', all: [{ 'exec.args': 'nsenter *' }, { 'exec.args': { regex: TARGET } }] },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} steps into the namespaces of process 1: from a container with enough rights this is the way out of it, to root on the host.`,
  advice:
    'See whether it came out of a container ({{@container.id}}). If nobody of yours did it, stop that container and treat the host as taken over.',
  benign: ['An administrator of a cluster who works on a node through a container'],
  tests: {
    fires: [
      { 'exec.file.name': 'nsenter', 'exec.args': '-t 1 -m -u -i -n sh' },
      { 'exec.file.name': 'nsenter', 'exec.args': '--mount --target 1 -- bash' },
      { 'exec.file.name': 'busybox', 'exec.args': 'nsenter -t1 -m sh' },
    ],
    silent: [
      { 'exec.file.name': 'nsenter', 'exec.args': '-t 1234 -n ss -lnt' },
      { 'exec.file.name': 'nsenter', 'exec.args': '--net=/run/netns/x ip a' },
      { 'exec.file.name': 'busybox', 'exec.args': 'ls -t 1' },
    ],
  },
})

export const hostDiskInContainer = defineRule({
  id: 'host-disk-in-container',
  name: 'A container reached for a disk of the host',
  severity: 'high',
  tags: ['mitre:T1611', 'mitre:T1006'],
  on: 'exec',
  where: {
    ...inContainer,
    any: [
      {
        'exec.file.name': ['mount', 'debugfs', 'dd', 'mknod', 'busybox', 'xfs_db', 'fdisk', 'cryptsetup', 'losetup'],
        'exec.args': { regex: '/dev/(?:sd[a-z]|vd[a-z]|xvd[a-z]|nvme\\d|dm-\\d|mapper/|mmcblk|root\\b)' },
      },
      { 'exec.file.name': 'mknod', 'exec.args': { regex: '\\sb\\s+(?:8|259|252|253|254|202)\\s+\\d' } },
      { 'exec.file.name': ['mount', 'busybox'], 'exec.args': { regex: '-t\\s*cgroup\\b.*\\b(?:rdma|memory|pids|cpu\\S*)' } },
    ],
  },
  groupBy: ['container.id'],
  message: `${RAN} in container {{@container.id}} opens a disk or a control group of the host: an escape from the container.`,
  advice: 'Stop the container, see who can start privileged ones, and look for changes of the files of the host since.',
  benign: ['Drivers of storage, and agents that are meant to look after disks'],
  tests: {
    fires: [
      { 'exec.file.name': 'mount', 'exec.args': '/dev/sda1 /mnt', 'container.id': '0123456789ab' },
      { 'exec.file.name': 'debugfs', 'exec.args': '-w /dev/nvme0n1p1', 'container.id': '0123456789ab' },
      { 'exec.file.name': 'mknod', 'exec.args': '/tmp/x b 8 1', 'container.id': '0123456789ab' },
      { 'exec.file.name': 'mount', 'exec.args': '-t cgroup -o rdma cgroup /tmp/cgrp', 'container.id': '0123456789ab' },
    ],
    silent: [
      { 'exec.file.name': 'mount', 'exec.args': '/dev/sda1 /mnt', 'container.id': '' },
      { 'exec.file.name': 'mount', 'exec.args': '-t tmpfs tmpfs /tmp', 'container.id': '0123456789ab' },
      { 'exec.file.name': 'dd', 'exec.args': 'if=/dev/zero of=/tmp/x', 'container.id': '0123456789ab' },
    ],
  },
})

export const containerSocketUsed = defineRule({
  id: 'container-socket-used-by-hand',
  name: 'The socket of a container engine was used by hand',
  severity: 'medium',
  tags: ['mitre:T1610', 'mitre:T1611'],
  on: 'exec',
  where: {
    'exec.file.name': [...DOWNLOADERS, ...NETCATS, ...INTERPRETERS],
    'exec.args': { regex: '(?:docker|podman|containerd|crio)\\.sock\\b' },
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} talks to a container engine past its own command. Whoever reaches that socket is root on the host: a container that mounts all of it is one request away.`,
  advice: 'See what was started since (`docker ps -a`), and who may use the socket.',
  benign: ['Scripts of an administrator, and tools that watch containers'],
  tests: {
    fires: [
      { 'exec.file.name': 'curl', 'exec.args': '-s --unix-socket /var/run/docker.sock http://x/containers/json' },
      { 'exec.file.name': 'socat', 'exec.args': '- UNIX-CONNECT:/run/containerd/containerd.sock' },
      { 'exec.file.name': 'python3.12', 'exec.args': '-c import socket; s.connect("/var/run/docker.sock")' },
    ],
    silent: [
      { 'exec.file.name': 'docker', 'exec.args': '-H unix:///var/run/docker.sock ps' },
      { 'exec.file.name': 'curl', 'exec.args': '--unix-socket /run/cws/x.sock http://x/' },
    ],
  },
})

export const privilegedContainerStarted = defineRule({
  id: 'privileged-container-started',
  name: 'A container was started with the rights or files of the host',
  severity: 'medium',
  tags: ['mitre:T1610', 'mitre:T1611'],
  on: 'exec',
  where: {
    'exec.file.name': ['docker', 'podman', 'nerdctl', 'ctr', 'lxc', 'kubectl'],
    all: [
      { 'exec.args': { regex: '\\b(?:run|create|start|init|config|launch)\\b' } },
      {
        'exec.args': {
          regex:
            '--privileged(?:\\s|=true|$)|(?:-v|--volume)[\\s=]*/:/|--mount[\\s=]\\S*(?:source|src)=/,|security\\.privileged=true|--cap-add[\\s=](?:ALL|CAP_SYS_ADMIN|SYS_ADMIN|SYS_MODULE|CAP_SYS_MODULE)|source=/\\s+path=|"privileged"\\s*:\\s*true',
        },
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN}: who is root in that container is root on the host.`,
  advice: 'Ask the user whether it was them. If not, stop the container and look at what it did: who may start containers may become root.',
  benign: ['Agents that watch a host, builds of images, and development'],
  tests: {
    fires: [
      { 'exec.file.name': 'docker', 'exec.args': 'run -it --privileged alpine sh' },
      { 'exec.file.name': 'docker', 'exec.args': 'run -v /:/host alpine chroot /host' },
      { 'exec.file.name': 'podman', 'exec.args': 'run --mount type=bind,source=/,target=/host x' },
      { 'exec.file.name': 'lxc', 'exec.args': 'init x y -c security.privileged=true' },
    ],
    silent: [
      { 'exec.file.name': 'docker', 'exec.args': 'run -d -v /srv/data:/data nginx' },
      { 'exec.file.name': 'docker', 'exec.args': 'exec -it web sh' },
      { 'exec.file.name': 'docker', 'exec.args': 'ps --filter privileged' },
    ],
  },
})

export const shellInContainer = defineRule({
  id: 'shell-in-container',
  name: 'Somebody types in a container',
  severity: 'info',
  tags: ['mitre:T1609', 'mitre:T1059.004'],
  on: 'exec',
  where: { ...inContainer, 'exec.file.name': [...SHELLS, 'busybox'], 'process.tty_name': { not: '' } },
  groupBy: ['container.id', 'process.user'],
  message: `${RAN} has a terminal in container {{@container.id}}.`,
  advice: 'None is needed if somebody looks after the container. In production nobody should have to.',
  benign: ['`docker exec -it` and `kubectl exec -it` by an administrator', 'Development'],
  tests: {
    fires: [{ 'exec.file.name': 'bash', 'container.id': '0123456789ab', 'process.tty_name': 'pts0' }],
    silent: [
      { 'exec.file.name': 'bash', 'container.id': '0123456789ab', 'process.tty_name': '' },
      { 'exec.file.name': 'bash', 'container.id': '', 'process.tty_name': 'pts0' },
    ],
  },
})

export const packagesInContainer = defineRule({
  id: 'package-manager-in-container',
  name: 'Packages were installed in a running container',
  severity: 'low',
  tags: ['mitre:T1105', 'mitre:T1072'],
  on: 'exec',
  where: {
    ...inContainer,
    'exec.file.name': ['apt', 'apt-get', 'aptitude', 'apk', 'yum', 'dnf', 'dnf5', 'microdnf', 'zypper', 'pacman', 'rpm', 'dpkg'],
    'exec.args': { regex: '(?:^|\\s)(?:install|add|upgrade|dist-upgrade|-i|--install|-[iUF][a-z]*|-S[a-z]*)(?:\\s|$)' },
  },
  groupBy: ['container.id'],
  message: `${RAN} adds programs to container {{@container.id}}: an image should bring all that its container needs.`,
  advice: 'See who has a shell in the container, and what was installed: network tools and compilers are what an intruder misses.',
  benign: ['Builds of images', 'Containers that install software when they start', 'Development'],
  tests: {
    fires: [
      { 'exec.file.name': 'apt-get', 'exec.args': 'install -y nmap', 'container.id': '0123456789ab' },
      { 'exec.file.name': 'apk', 'exec.args': 'add --no-cache curl', 'container.id': '0123456789ab' },
      { 'exec.file.name': 'dpkg', 'exec.args': '-i x.deb', 'container.id': '0123456789ab' },
    ],
    silent: [
      { 'exec.file.name': 'apt-get', 'exec.args': 'install -y nmap', 'container.id': '' },
      { 'exec.file.name': 'dpkg', 'exec.args': '--list', 'container.id': '0123456789ab' },
    ],
  },
})

export const containerClientInContainer = defineRule({
  id: 'container-client-in-container',
  name: 'A container was used to command other containers',
  severity: 'low',
  tags: ['mitre:T1609', 'mitre:T1613', 'mitre:T1610'],
  on: 'exec',
  where: { ...inContainer, 'exec.file.name': ['docker', 'kubectl', 'crictl', 'ctr', 'nerdctl', 'podman', 'helm', 'oc', 'kubeletctl'] },
  groupBy: ['container.id', 'exec.file.path'],
  message: `${RAN} in container {{@container.id}} gives orders to a cluster or an engine, with whatever rights the container has there.`,
  advice: 'See whether that container has anything to do with the cluster. If not, look at what it asked for, and revoke its token.',
  benign: ['Runners of builds and deployments', 'Operators of a cluster'],
  tests: {
    fires: [{ 'exec.file.name': 'kubectl', 'exec.args': 'get secrets -A', 'container.id': '0123456789ab' }],
    silent: [
      { 'exec.file.name': 'kubectl', 'exec.args': 'get pods', 'container.id': '' },
      { 'exec.file.name': 'node', 'exec.args': 'kubectl', 'container.id': '0123456789ab' },
    ],
  },
})
