import { defineRule } from '@cws/core'
import { isPackaged, RAN } from '../authors.ts'
import { SERVERS, SHELL_PROGRAMS } from '../names.ts'

export const systemRemoved = defineRule({
  id: 'system-removed',
  name: 'Folders of the whole system are being deleted',
  severity: 'high',
  tags: ['mitre:T1485', 'mitre:T1070.004'],
  on: 'exec',
  where: {
    'exec.file.name': ['rm', 'busybox', 'coreutils', 'shred', 'find'],
    any: [
      { 'exec.args': { regex: '(?:^|\\s)--no-preserve-root(?:\\s|$)' } },
      {
        'exec.args': {
          regex:
            '^(?:rm )?(?:-\\S+ )*(?:-[a-zA-Z]*[rR][a-zA-Z]*|--recursive)\\s(?:.*\\s)?/(?:(?:bin|boot|etc|home|lib|lib64|root|sbin|srv|usr|var|var/lib|var/log)?/?\\*?)(?:\\s|$)',
        },
      },
      {
        'exec.file.name': 'find',
        'exec.args': {
          regex: '^/(?:bin|boot|etc|home|lib|lib64|root|sbin|srv|usr|var)?\\s+(?:-type f\\s+)?(?:-delete|-exec (?:/bin/)?(?:rm|shred)\\b)',
        },
      },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} deletes what this host, or its users, live by.`,
  advice: 'End it at once. What is deleted can be had from a backup; do not write to the disk before you know what is to be rescued.',
  benign: ['Machines that are wiped on purpose', 'A chroot that somebody removes from within'],
  tests: {
    fires: [
      { 'exec.file.name': 'rm', 'exec.args': '-rf / --no-preserve-root' },
      { 'exec.file.name': 'rm', 'exec.args': '-rf /home' },
      { 'exec.file.name': 'rm', 'exec.args': '-r -f /tmp/x /var/log/*', 'process.package_manager': '' },
      { 'exec.file.name': 'busybox', 'exec.args': 'rm -rf /*' },
      { 'exec.file.name': 'find', 'exec.args': '/home -type f -exec shred -u {} ;' },
    ],
    silent: [
      { 'exec.file.name': 'rm', 'exec.args': '-rf /var/lib/apt/lists/*' },
      { 'exec.file.name': 'rm', 'exec.args': '-rf build /home/ann/project/dist' },
      { 'exec.file.name': 'rm', 'exec.args': '-f /etc/x' },
      { 'exec.file.name': 'find', 'exec.args': '/var/log -mtime +30 -delete' },
      { 'exec.file.name': 'find', 'exec.args': '/home -name *.bak -delete' },
    ],
  },
})

export const diskOverwritten = defineRule({
  id: 'disk-overwritten',
  name: 'A disk is being overwritten',
  severity: 'medium',
  tags: ['mitre:T1561.001', 'mitre:T1561.002', 'mitre:T1485'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': ['dd', 'busybox', 'dcfldd', 'coreutils'],
        'exec.args': { regex: '\\bof=/dev/(?:sd|hd|vd|xvd|nvme|mmcblk|dm-|mapper/|md\\d|disk/)' },
      },
      {
        'exec.file.name': ['mkfs*', 'mke2fs', 'mkswap', 'wipefs', 'blkdiscard', 'shred', 'sgdisk', 'cryptsetup', 'badblocks'],
        'exec.args': { regex: '/dev/(?:sd|hd|vd|xvd|nvme|mmcblk|dm-|mapper/|md\\d|disk/)' },
      },
    ],
    none: [
      { 'exec.file.name': 'cryptsetup', 'exec.args': { not: ['*luksFormat*', '*luksErase*', '*erase *', '*reencrypt*'] } },
      { 'exec.file.name': 'wipefs', 'exec.args': { not: ['-*a*', '*--all*', '*-o*'] } },
      { 'exec.file.name': 'sgdisk', 'exec.args': { not: ['*-Z*', '*-z*', '*--zap*', '*-o*'] } },
      { 'exec.file.name': 'badblocks', 'exec.args': { not: '*-w*' } },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} writes over a disk, or over the beginning of it, in which its file systems are described.`,
  advice: 'If nobody of yours sets up a disk, end it at once and switch the machine off: each second overwrites more.',
  benign: ['An administrator who sets up a disk', 'Installers'],
  tests: {
    fires: [
      { 'exec.file.name': 'dd', 'exec.args': 'if=/dev/zero of=/dev/sda bs=1M' },
      { 'exec.file.name': 'mkfs.ext4', 'exec.args': '-F /dev/nvme0n1p2' },
      { 'exec.file.name': 'wipefs', 'exec.args': '-a /dev/vda' },
      { 'exec.file.name': 'cryptsetup', 'exec.args': '-q luksFormat /dev/sdb' },
    ],
    silent: [
      { 'exec.file.name': 'dd', 'exec.args': 'if=/dev/sda of=/srv/image' },
      { 'exec.file.name': 'dd', 'exec.args': 'if=/dev/zero of=/tmp/x count=1' },
      { 'exec.file.name': 'mkfs.ext4', 'exec.args': 'disk.img' },
      { 'exec.file.name': 'cryptsetup', 'exec.args': 'open /dev/sdb data' },
      { 'exec.file.name': 'wipefs', 'exec.args': '/dev/sda' },
    ],
  },
})

export const filesShredded = defineRule({
  id: 'files-shredded',
  name: 'Files were deleted so that nobody can bring them back',
  severity: 'medium',
  tags: ['mitre:T1070.004', 'mitre:T1485'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': ['shred', 'busybox', 'coreutils'],
        'exec.args': { regex: '(?:^|\\s)(?:-[a-z]*u[a-z]*|--remove\\S*)(?:\\s|$)' },
      },
      { 'exec.file.name': ['srm', 'wipe', 'sfill', 'secure-delete', 'bleachbit'] },
    ],
    none: [{ 'exec.file.name': ['busybox', 'coreutils'], 'exec.args': { not: 'shred *' } }],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} writes over files before it deletes them: tools and traces of a break-in are removed so.`,
  advice: 'Ask the user whether it was them. If not, the signals of the hours before tell more than the disk does.',
  benign: ['Scripts that remove keys which they no longer need'],
  tests: {
    fires: [
      { 'exec.file.name': 'shred', 'exec.args': '-zu /tmp/x' },
      { 'exec.file.name': 'shred', 'exec.args': '-n 3 --remove x', 'process.package_manager': '' },
      { 'exec.file.name': 'srm', 'exec.args': '-r /root/x' },
    ],
    silent: [
      { 'exec.file.name': 'shred', 'exec.args': '-n 1 disk.img' },
      { 'exec.file.name': 'rm', 'exec.args': '-u x' },
      { 'exec.file.name': 'coreutils', 'exec.args': '-u x' },
    ],
  },
})

const CIPHERS =
  '(?:openssl(?:-1|3)?\\s+(?:enc|aes|rsautl|pkeyutl|smime)|gpg2?\\s[^;|]*(?:-c\\b|--symmetric|-e\\b|--encrypt)|7za?\\s+a\\s[^;|]*-p|zip\\s[^;|]*-[a-zA-Z]*(?:P|e)\\b|ccrypt\\b|age\\s+-)'

export const filesEncrypted = defineRule({
  id: 'files-encrypted-in-bulk',
  name: 'Files are being encrypted one after the other',
  severity: 'high',
  tags: ['mitre:T1486'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': ['find', 'fd', 'fdfind'],
        'exec.args': { regex: `-(?:exec|execdir|x|ok)\\s+(?:\\S*sh\\s+-c\\s+)?["']?(?:/\\S+/)?${CIPHERS}` },
      },
      { 'exec.file.name': ['xargs', 'parallel'], 'exec.args': { regex: `(?:^|\\s)(?:/\\S+/)?${CIPHERS}` } },
      {
        'exec.file.name': SHELL_PROGRAMS,
        all: [
          { 'exec.args': ['*openssl*', '*gpg*', '*7z*', '*zip *', '*ccrypt*', '*age -*'] },
          { 'exec.args': { regex: `(?s)(?:\\bfor\\s+\\w+\\s+in\\b|\\bwhile\\s+(?:IFS=\\S*\\s+)?read\\b).*\\bdo\\b.*${CIPHERS}` } },
        ],
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} encrypts every file that it finds: extortionists do it with tools that every host has.`,
  advice: 'End it at once and disconnect the host from shares and backups. Keep the process or its arguments: the key may stand in them.',
  benign: ['Backups that encrypt file by file'],
  tests: {
    fires: [
      { 'exec.file.name': 'find', 'exec.args': '/home -type f -exec openssl enc -aes-256-cbc -in {} -out {}.enc -k x ;' },
      { 'exec.file.name': 'xargs', 'exec.args': '-0 -n1 gpg --batch --passphrase x -c' },
      {
        'exec.file.name': 'bash',
        'exec.args': '-c for f in $(find /srv -name "*.doc"); do openssl enc -aes-256-cbc -in $f -out $f.x; rm $f; done',
      },
    ],
    silent: [
      { 'exec.file.name': 'find', 'exec.args': '/etc/ssl -name *.pem -exec openssl x509 -noout -enddate -in {} ;' },
      { 'exec.file.name': 'bash', 'exec.args': '-c for f in *.asc; do gpg --verify $f; done' },
      { 'exec.file.name': 'openssl', 'exec.args': 'enc -aes-256-cbc -in a -out b' },
    ],
  },
})

export const hostShutDown = defineRule({
  id: 'host-shut-down-by-server',
  name: 'A server shut the host down, or somebody did so abruptly',
  severity: 'high',
  tags: ['mitre:T1529'],
  on: 'exec',
  where: {
    any: [
      {
        all: [
          {
            any: [
              { 'exec.file.name': ['shutdown', 'reboot', 'poweroff', 'halt', 'init', 'telinit'] },
              { 'exec.file.name': 'systemctl', 'exec.args': { regex: '\\b(?:poweroff|reboot|halt|kexec)\\b' } },
            ],
          },
          { 'process.ancestors.file.name': SERVERS },
        ],
      },
      {
        'exec.file.name': SHELL_PROGRAMS,
        all: [
          { 'exec.args': ['*/proc/sysrq-trigger*'] },
          { 'exec.args': { regex: '\\b[bco]\\s*["\']?\\s*(?:>|\\|\\s*(?:sudo\\s+)?tee)\\s*/proc/sysrq-trigger' } },
        ],
      },
    ],
  },
  groupBy: ['container.id', 'process.sid'],
  message: `${RAN}: no web page or query has a reason to stop its host, and nobody who means well stops it without its file systems being written.`,
  advice:
    'When it is up again, look at what happened in the minutes before: stopping a host ends what is watched, and starts what was planted.',
  benign: ['Appliances whose web pages have a button for it', 'Watchdogs of clusters, which take a node away at once'],
  tests: {
    fires: [
      { 'exec.file.name': 'shutdown', 'exec.args': '-h now', 'process.ancestors.file.name': ['dash', 'php-fpm8.2'] },
      { 'exec.file.name': 'systemctl', 'exec.args': 'reboot', 'process.ancestors.file.name': ['apache2'] },
      { 'exec.file.name': 'bash', 'exec.args': '-c echo b > /proc/sysrq-trigger', 'process.ancestors.file.name': ['sshd'] },
    ],
    silent: [
      { 'exec.file.name': 'shutdown', 'exec.args': '-r now', 'process.ancestors.file.name': ['bash', 'sshd'] },
      { 'exec.file.name': 'systemctl', 'exec.args': 'restart nginx', 'process.ancestors.file.name': ['bash'] },
      { 'exec.file.name': 'bash', 'exec.args': '-c echo s > /proc/sysrq-trigger', 'process.ancestors.file.name': ['sshd'] },
    ],
  },
})

export const forkBomb = defineRule({
  id: 'fork-bomb',
  name: 'A shell was told to multiply without end',
  severity: 'high',
  tags: ['mitre:T1499.001'],
  on: 'exec',
  where: {
    'exec.file.name': SHELL_PROGRAMS,
    all: [
      { 'exec.args': ['*()*'] },
      { 'exec.args': { regex: '[:\\w]+\\s*\\(\\)\\s*\\{\\s*[:\\w]+\\s*\\|\\s*[:\\w]+\\s*&\\s*;?\\s*\\}\\s*;\\s*[:\\w]+' } },
    ],
  },
  groupBy: ['container.id', 'process.user'],
  message: `${RAN} starts itself twice, and each of them does again, until the host can start nothing more.`,
  advice: 'End all processes of that user at once (`pkill -KILL -u` with the name), and bound how many they may have (`ulimit -u`).',
  benign: ['Somebody who tries whether the bound holds'],
  tests: {
    fires: [
      { 'exec.file.name': 'bash', 'exec.args': '-c :(){ :|:& };:' },
      { 'exec.file.name': 'dash', 'exec.args': '-c bomb() { bomb | bomb & }; bomb' },
    ],
    silent: [
      { 'exec.file.name': 'bash', 'exec.args': '-c f() { a | b; }; f' },
      { 'exec.file.name': 'bash', 'exec.args': '-c : ${x:=1}; echo $x & wait' },
    ],
  },
})

const OUT = '\\s(?:-[a-zA-Z]*f\\s*|--file[= ])?["\']?/(?:tmp|var/tmp|dev/shm|run/shm|var/www)/\\S*'
const OF = '\\s/?(?:etc|root|home|var/lib/(?:mysql|postgresql|docker)|var/www|var/spool|srv)(?:/\\S*)?(?:\\s|$)'

export const secretsArchived = defineRule({
  id: 'files-gathered-for-carrying-off',
  name: 'Files of the system or of users were packed into a temporary folder',
  severity: 'medium',
  tags: ['mitre:T1560.001', 'mitre:T1074.001', 'mitre:T1005'],
  on: 'exec',
  where: {
    'exec.file.name': ['tar', 'bsdtar', 'zip', '7z', '7za', '7zr', 'rar', 'cpio', 'busybox'],
    all: [
      {
        'exec.args': {
          regex: [
            '^(?:tar )?[a-zA-Z]*c[a-zA-Z]*\\s',
            '(?:^|\\s)(?:-[a-zA-Z]*c[a-zA-Z]*|--create|-o)(?:\\s|$)',
            '^(?:-\\S+ )*a\\s',
            '^(?:-\\S+ )*/(?:tmp|var/tmp|dev/shm)/\\S+\\.zip\\s',
          ],
        },
      },
      { 'exec.args': { regex: OUT } },
      { 'exec.args': { regex: OF } },
    ],
    none: [{ 'exec.file.name': 'busybox', 'exec.args': { not: 'tar *' } }],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} gathers files in one archive where anybody can write: what is carried off is packed first.`,
  advice: 'Look at the archive, and at what became of it: was it sent away, or moved below a web server?',
  benign: ['An administrator who copies a folder to another host', 'Backups that begin in /tmp'],
  tests: {
    fires: [
      { 'exec.file.name': 'tar', 'exec.args': 'czf /tmp/x.tgz /etc /root' },
      { 'exec.file.name': 'tar', 'exec.args': '-C / -czf /dev/shm/.x home/ann/.ssh' },
      { 'exec.file.name': 'zip', 'exec.args': '-qr /tmp/x.zip /var/www/html', 'process.package_manager': '' },
      { 'exec.file.name': '7z', 'exec.args': 'a -pX /var/tmp/x.7z /home/ann' },
    ],
    silent: [
      { 'exec.file.name': 'tar', 'exec.args': 'xzf /tmp/x.tgz -C /srv' },
      { 'exec.file.name': 'tar', 'exec.args': 'czf /srv/backup/etc.tgz /etc' },
      { 'exec.file.name': 'tar', 'exec.args': 'cf /tmp/build.tar dist' },
      { 'exec.file.name': 'zip', 'exec.args': '-qr /tmp/x.zip src' },
      { 'exec.file.name': 'busybox', 'exec.args': 'cp -r /etc /tmp/x' },
    ],
  },
})

export const screenCaptured = defineRule({
  id: 'screen-or-keys-recorded',
  name: 'Screen, microphone or keys were recorded',
  severity: 'low',
  tags: ['mitre:T1113', 'mitre:T1123', 'mitre:T1056.001'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': [
          'scrot',
          'xwd',
          'gnome-screenshot',
          'arecord',
          'parecord',
          'parec',
          'fswebcam',
          'streamer',
          'logkeys',
          'xspy',
          'maim',
          'grim',
          'keysniffer',
        ],
      },
      { 'exec.file.name': ['ffmpeg', 'avconv'], 'exec.args': { regex: '-f\\s+(?:x11grab|alsa|pulse|v4l2|kmsgrab)\\b' } },
      { 'exec.file.name': 'xinput', 'exec.args': { regex: '\\btest(?:-xi2)?\\b' } },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'exec.file.name'],
  message: `${RAN} records what a person sees, says or types.`,
  advice: 'On a desktop ask the user. On a server nobody should: see what the parent is.',
  benign: ['Users of a desktop', 'Conferences and recordings'],
  tests: {
    fires: [
      { 'exec.file.name': 'scrot', 'exec.args': '/tmp/x.png' },
      { 'exec.file.name': 'ffmpeg', 'exec.args': '-f x11grab -i :0 x.mp4' },
      { 'exec.file.name': 'xinput', 'exec.args': 'test 9' },
    ],
    silent: [
      { 'exec.file.name': 'ffmpeg', 'exec.args': '-i a.mp4 -f webm b.webm' },
      { 'exec.file.name': 'xinput', 'exec.args': 'list' },
    ],
  },
})
