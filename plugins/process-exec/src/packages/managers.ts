/** How a package manager is known. Paths are those of a host on which it is installed. */
export interface Manager {
  readonly name: string
  /** Its programs, by full path. */
  readonly programs: readonly string[]
  /** The script that its program, an interpreter, was told to run: its first argument. */
  readonly scripts?: readonly string[]
  /**
   * What it holds while it works: the kernel's lock on one of these files, or that the file exists. Without: it works as long as it runs.
   * Sources: dpkg(1), apt's `DPkg::Lock`, rpm's `%_rpmlock_path`, apk's database lock, pacman's `db.lck`.
   */
  readonly locks?: readonly string[]
  readonly exists?: true
  /** What it starts works for it: scripts that a distribution signed. Of others these are anybody's code. */
  readonly below: boolean
}

export const managers: readonly Manager[] = [
  {
    name: 'dpkg',
    programs: [
      '/usr/bin/dpkg',
      '/bin/dpkg',
      '/usr/bin/apt',
      '/usr/bin/apt-get',
      '/usr/bin/aptitude',
      '/usr/bin/aptitude-curses',
      '/usr/bin/unattended-upgrade',
      '/usr/bin/unattended-upgrades',
    ],
    locks: ['/var/lib/dpkg/lock-frontend', '/var/lib/dpkg/lock'],
    below: true,
  },
  {
    name: 'rpm',
    programs: [
      '/usr/bin/rpm',
      '/bin/rpm',
      '/usr/bin/dnf',
      '/usr/bin/dnf-3',
      '/usr/bin/dnf5',
      '/usr/bin/dnf-automatic',
      '/usr/bin/microdnf',
      '/usr/bin/yum',
      '/usr/bin/zypper',
      '/usr/bin/rpm-ostree',
      '/usr/bin/dnf5daemon-server',
      '/usr/libexec/packagekitd',
    ],
    locks: ['/var/lib/rpm/.rpm.lock', '/usr/lib/sysimage/rpm/.rpm.lock', '/usr/share/rpm/.rpm.lock'],
    below: true,
  },
  {
    name: 'apk',
    programs: ['/sbin/apk', '/usr/bin/apk', '/usr/sbin/apk'],
    locks: ['/lib/apk/db/lock', '/usr/lib/apk/db/lock'],
    below: true,
  },
  { name: 'pacman', programs: ['/usr/bin/pacman'], locks: ['/var/lib/pacman/db.lck'], exists: true, below: true },
  { name: 'snap', programs: ['/usr/lib/snapd/snapd', '/usr/libexec/snapd/snapd'], below: false },
  {
    name: 'npm',
    programs: ['/usr/bin/node', '/usr/local/bin/node', '/usr/bin/nodejs'],
    scripts: [
      '/usr/bin/npm',
      '/usr/local/bin/npm',
      '/usr/lib/node_modules/npm/bin/npm-cli.js',
      '/usr/local/lib/node_modules/npm/bin/npm-cli.js',
      '/usr/share/nodejs/npm/bin/npm-cli.js',
      '/usr/bin/corepack',
      '/usr/local/bin/corepack',
      '/usr/lib/node_modules/corepack/dist/corepack.js',
      '/usr/local/lib/node_modules/corepack/dist/corepack.js',
    ],
    below: false,
  },
]
