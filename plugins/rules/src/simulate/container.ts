import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { MARK } from './place.ts'

const UNSHARE = '/usr/bin/unshare'
/** Where control groups may be made: of the first version one hierarchy that has a controller, or that of the second. */
const HIERARCHIES = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids', '/sys/fs/cgroup'] as const
const hierarchy = (): string | undefined => HIERARCHIES.find((path) => existsSync(join(path, 'cgroup.procs')))

/** $1 is the control group, $2 what is copied into the upper layer after it was mounted, the rest runs. */
const SCRIPT = `mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
echo $$ >"$1/cgroup.procs"
[ -z "$2" ] || cp /bin/true "$2"
shift 2
exec "$@"`

export function obstacleToContainer(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can make a container'
  if (!existsSync(UNSHARE)) return `there is no ${UNSHARE} here`
  // Mounting one would load the module.
  if (!/\boverlay$/m.test(readFileSync('/proc/filesystems', 'latin1'))) return 'the kernel has no overlay file system, or has not loaded it'
  const parent = hierarchy()
  if (parent === undefined) return 'there are no control groups here'
  try {
    accessSync(parent, constants.W_OK)
    return undefined
  } catch {
    return `no control group can be made in ${parent}`
  }
}

/** What looks like a container of Docker's to who watches: a control group of such a name, and an overlay that only what runs in it sees. */
export class Container implements Disposable {
  readonly #parent: string
  readonly #group: string
  #program = ''

  /** In a folder of its own. @throws Error if the control group cannot be made */
  constructor(place: string) {
    for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(place, name))
    this.#parent = join(hierarchy() as string, `${MARK}-${randomBytes(4).toString('hex')}`)
    this.#group = join(this.#parent, `docker-${randomBytes(32).toString('hex')}.scope`)
    mkdirSync(this.#group, { recursive: true })
  }

  /** The path of a copy of /bin/true that will lie in its upper layer. */
  inside(name: string): string {
    this.#program = `merged/${name}`
    return this.#program
  }

  /** The command that runs another in it. */
  started(command: readonly string[]): readonly [string, ...string[]] {
    return [UNSHARE, '-m', '/bin/sh', '-ec', SCRIPT, 'sh', this.#group, this.#program, ...command]
  }

  [Symbol.dispose](): void {
    rmdirSync(this.#group)
    rmdirSync(this.#parent)
  }
}
