import type { EventMethods } from '@cws/core'
import { isBy, isInstalled } from './authors.ts'
import { READERS } from './programs.ts'

type AnyEvent = Pick<EventMethods, 'get'>

/** A test that `go test` or `go run` built, or its program. */
const GO_BUILT = /\/go-build\d+\/b\d+\/(?:exe\/[^/]+|[^/]+\.test)$/
const PYTHON = /\/bin\/(?:python|pypy)[\d.]*$/
const GIT_HTTP = /\/(?:bin|lib(?:exec)?\/git-core)\/git(?:-remote-https?)?$/

/** Which tools keep a password in a file: how their path ends, wherever they are installed. */
const TOOLS: readonly (readonly [file: RegExp, programs: readonly RegExp[]])[] = [
  [/\/\.npmrc$/, [/\/bin\/(?:node|bun|deno)$/]],
  [/\/\.pypirc$/, [PYTHON]],
  [/\/\.netrc$/, [PYTHON, GIT_HTTP, /\/bin\/go$/]],
  [/\/\.cargo\/credentials\.toml$/, [/\/bin\/cargo$/]],
  [/\/\.config\/gh\/hosts\.yml$/, [/\/bin\/gh$/]],
  [/\/\.config\/rclone\/rclone\.conf$/, [/\/rclone-v[\d.]+-linux-\w+\/rclone$/]],
  [/\/\.git-credentials$/, [/\/lib(?:exec)?\/git-core\/git(?:-credential-store)?$/]],
  [/\/\.docker\/config\.json$/, [/\/(?:bin|cli-plugins)\/(?:docker(?:-[\w-]+)?|podman|buildah|skopeo|crane)$/, GO_BUILT]],
  [/\/\.kube\/config$/, [/\/bin\/(?:kubectl|helm|k9s|flux|argocd)$/, GO_BUILT]],
  [/\/\.aws\/credentials$/, [/\/aws-cli\/v2\/[^/]+\/dist\/aws$/, /\/bin\/(?:aws|terraform)$/, PYTHON, GO_BUILT]],
  [/\/\.config\/gcloud\//, [/\/google-cloud-sdk\/platform\/\w+\/bin\/python[\d.]*$/, GO_BUILT]],
  [/\/\.terraform\.d\/credentials\.tfrc\.json$/, [/\/bin\/terraform$/]],
]

/** Where programs are unpacked for a while. What lies in memory, or in `/dev`, is no installation. */
const UNPACKED = /^\/(?:var\/)?tmp\//

/**
 * The program lies in a temporary folder as its tool does wherever it is installed, and opens the file in which that tool keeps a password; the file of
 * the program is still there, and belongs to root or to the very user who runs it. Somebody may have called a thief so: it is told of, as something less.
 */
export function isUnpackedTool(event: AnyEvent): boolean {
  const program = event.get('process.file.path')
  const file = event.get('open.file.path')
  if (typeof program !== 'string' || typeof file !== 'string' || !UNPACKED.test(program)) return false
  const owner = event.get('process.file.uid')
  if (typeof owner !== 'number' || (owner !== 0 && owner !== event.get('process.uid'))) return false
  if (event.get('process.file.unlinked') === true) return false
  return TOOLS.some(([of, programs]) => of.test(file) && programs.some((one) => one.test(program)))
}

const CURL = ['/usr/bin/curl', '/bin/curl']
const WGET = ['/usr/bin/wget', '/bin/wget']
const GPG = ['/usr/bin/gpg', '/bin/gpg']

/** A program for any file at all uses this one for what it is made for: it was not named to it. */
export function isReadAsMeant(event: AnyEvent): boolean {
  const file = String(event.get('open.file.path'))
  const args = String(event.get('process.args'))
  if (file.endsWith('/.netrc') && !args.includes('.netrc')) {
    if (isBy(event, CURL)) return /(?:^|\s)(?:-[a-zA-Z#0-9]*n[a-zA-Z#0-9]*|--netrc(?:-optional)?)(?:\s|$)/.test(args)
    const names = event.get('process.envs')
    // Settings of somebody else's may name a file to be sent.
    return isBy(event, WGET) && !(Array.isArray(names) && names.includes('WGETRC'))
  }
  return file.includes('/.gnupg/') && !args.includes('.gnupg') && isBy(event, GPG)
}

const GREP = ['/usr/bin/grep', '/bin/grep']

/** Whether something stands in the file was asked, and nothing of it shown: nvm asks so at each start of a shell. */
export function isAskedQuietly(event: AnyEvent): boolean {
  return isBy(event, GREP) && /^-[EFGiwxsn]*q[EFGiwxsn]*\s/.test(String(event.get('process.args')))
}

/** An SSH of Nix, Homebrew or conda, as these lay it out. */
const OTHER_SSH =
  /\/(?:nix\/store\/[^/]+|\.?linuxbrew\/(?:\.linuxbrew\/)?(?:Cellar\/openssh\/[^/]+)?|(?:mini|ana)conda\d*(?:\/envs\/[^/]+)?|miniforge\d*(?:\/envs\/[^/]+)?)\/bin\/(?:ssh|ssh-add|ssh-agent|ssh-keygen|scp|sftp)$/

/** An SSH that is not the distribution's, laid out as another package manager does; its file is still there, and root's or the very user's who runs it. */
export function isOtherSsh(event: AnyEvent): boolean {
  const program = event.get('process.file.path')
  if (typeof program !== 'string' || !OTHER_SSH.test(program) || event.get('process.file.unlinked') === true) return false
  const owner = event.get('process.file.uid')
  return typeof owner === 'number' && (owner === 0 || owner === event.get('process.uid'))
}

/** A program that was upgraded while it ran, as browsers are: it has no name any more, and is no program for any file at all. */
export function isUpgraded(event: AnyEvent): boolean {
  const program = event.get('process.file.path')
  if (event.get('process.file.unlinked') !== true || READERS.includes(program as string)) return false
  return isInstalled(program, event.get('process.file.uid'), event.get('process.ns.user'))
}
