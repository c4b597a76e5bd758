import { execFile, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './agent.ts'
import { alone } from './alone.ts'
import { plainEnvironment } from './environment.ts'
import { run } from './triggers.ts'

const CACHE = join(root, '.cache/container')
const RUN_MS = 300_000
/** How this machine gets at Debian's archive: it is the same in a root that is made from there. */
const APT = ['/etc/apt/sources.list', '/etc/apt/sources.list.d/debian.sources']

/** A minimal Debian of this suite, made once from the archive that this machine uses and kept between runs. Not to be changed: copy it. */
export function debianRoot(suite: string): string {
  const made = join(CACHE, suite)
  return existsSync(made) ? made : alone(`${made}.lock`, () => (existsSync(made) ? made : bootstrap(suite, made)))
}

function bootstrap(suite: string, made: string): string {
  mkdirSync(join(CACHE, 'packages'), { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'new-'))
  try {
    const mirror = /https?:\/\/\S+\/debian\/?(?=\s|$)/m.exec(APT.filter(existsSync).map(withoutComments).join('\n'))?.[0]
    run('debootstrap', ['--variant=minbase', `--cache-dir=${join(CACHE, 'packages')}`, suite, folder, ...(mirror ? [mirror] : [])], 300_000)
    // Debian's own image leaves out what needs no space there.
    rmSync(join(folder, 'etc/apt/sources.list'), { force: true })
    for (const file of [
      ...APT,
      ...globSync('/etc/apt/apt.conf.d/*').filter((file) => /proxy|verify|cainfo/i.test(readFileSync(file, 'utf8'))),
    ])
      if (existsSync(file)) cpSync(file, join(folder, file))
    if (existsSync('/etc/ssl/certs')) cpSync('/etc/ssl/certs', join(folder, 'etc/ssl/certs'), { recursive: true, verbatimSymlinks: true })
    renameSync(folder, made)
    return made
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** The same with these packages, and what they cannot do without. */
export async function debianRootWith(suite: string, ...packages: readonly string[]): Promise<string> {
  const made = join(CACHE, [suite, ...packages].join('+'))
  if (existsSync(made)) return made
  const minimal = debianRoot(suite)
  const folder = mkdtempSync(join(CACHE, 'new-'))
  const to = join(folder, 'root')
  try {
    copyRoot(minimal, to)
    addResolver(to)
    const install = `apt-get update -qq && apt-get install -qq --no-install-recommends ${packages.join(' ')} && apt-get clean`
    await runIn(to, install, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
    renameSync(to, made)
    return made
  } finally {
    run('rm', ['-rf', '--one-file-system', folder])
  }
}

const withoutComments = (file: string): string => readFileSync(file, 'utf8').replace(/^\s*#.*$/gm, '')

/** A copy that may be changed. */
export function copyRoot(from: string, to: string): void {
  run('cp', ['-a', '--reflink=auto', from, to])
}

/** A file of a Debian package that is not installed: fetched once by the root of this suite, and kept. */
export async function fileOfPackage(suite: string, name: string, path: string): Promise<string> {
  const kept = join(CACHE, 'files', name, path)
  if (existsSync(kept)) return kept
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'new-'))
  try {
    copyRoot(debianRoot(suite), join(folder, 'root'))
    addResolver(join(folder, 'root'))
    const fetch = `cd /tmp && apt-get update -qq && apt-get download -q ${name} && dpkg-deb -x ${name}_*.deb unpacked`
    await runIn(join(folder, 'root'), fetch, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
    mkdirSync(dirname(kept), { recursive: true })
    cpSync(join(folder, 'root/tmp/unpacked', path), `${kept}.new`)
    renameSync(`${kept}.new`, kept)
    return kept
  } finally {
    run('rm', ['-rf', '--one-file-system', folder])
  }
}

/** Puts Node and npm into a root, where images of Node have them. */
export function addNode(folder: string): void {
  const bin = join(folder, 'usr/local/bin')
  const modules = join(folder, 'usr/local/lib/node_modules')
  mkdirSync(modules, { recursive: true })
  cpSync(realpathSync(process.execPath), join(bin, 'node'))
  const [library] = globSync('/{usr/lib,lib}/x86_64-linux-gnu/libatomic.so.1')
  if (library) cpSync(realpathSync(library), join(folder, 'usr/local/lib/libatomic.so.1'))
  run('chroot', [folder, 'ldconfig'])
  cpSync(npmFolder(), join(modules, 'npm'), { recursive: true })
  for (const name of ['npm', 'npx']) symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(bin, name))
}

function npmFolder(): string {
  const { stdout } = spawnSync('sh', ['-c', 'command -v npm'], { env: plainEnvironment(), encoding: 'utf8' })
  const folder = dirname(dirname(realpathSync(stdout.trim())))
  if (!existsSync(join(folder, 'package.json'))) throw new Error(`${folder} is not npm`)
  return folder
}

/** Name resolution of this machine, for a root that reaches the archive. */
export function addResolver(folder: string): void {
  for (const file of ['/etc/resolv.conf', '/etc/hosts']) if (existsSync(file)) writeFileSync(join(folder, file), readFileSync(file))
}

/**
 * Runs a shell command in a root, with mount and pid namespaces of its own, so that nothing that it mounts or starts stays, and the network of this
 * process, which may be the one that serves a registry. @throws Error with what it said, if it fails
 */
export async function runIn(
  folder: string,
  command: string,
  { env, workdir = '/' }: { readonly env: Readonly<Record<string, string | undefined>>; readonly workdir?: string },
): Promise<string> {
  const certificates = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'].map((name) => [name, process.env[name]] as const)
  const set = Object.entries({ HOME: '/root', DEBIAN_FRONTEND: 'noninteractive', ...Object.fromEntries(certificates), ...env }).flatMap(
    ([name, value]) => (value === undefined ? [] : [`${name}=${value}`]),
  )
  const enter = 'mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && exec chroot "$@"'
  const { stdout } = await promisify(execFile)(
    'unshare',
    [
      ...['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private', 'sh', '-c', enter, 'sh', folder],
      ...['/usr/bin/env', '-i', '-C', workdir, ...set, '/bin/sh', '-c', command],
    ],
    { timeout: RUN_MS, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 },
  )
  return stdout
}
