// Finds and loads the addon, or says precisely why it cannot. Plain JavaScript for Node 20: the launcher uses it before it has a newer Node.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const PLATFORM_PACKAGE = '@cws/native-linux-x64'
const GLIBC_NEEDED = '2.28'

export class NativeUnavailableError extends Error {
  code = 'CWS_ERR_NATIVE_UNAVAILABLE'

  constructor(message, options) {
    super(message, options)
    this.name = 'NativeUnavailableError'
  }
}

/** Node's own report on the machine; only asked for when something is wrong, for it takes a while. */
function machineReport() {
  const before = process.report.excludeNetwork
  process.report.excludeNetwork = true
  try {
    return process.report.getReport().header
  } finally {
    process.report.excludeNetwork = before
  }
}

const olderThan = (version, needed) => {
  const [a, b] = [version, needed].map((text) => text.split('.').map(Number))
  return a[0] - b[0] || (a[1] ?? 0) - (b[1] ?? 0) ? a[0] < b[0] || (a[0] === b[0] && (a[1] ?? 0) < (b[1] ?? 0)) : false
}

/**
 * Why the addon is not there or does not load, and what to do about it, as one text.
 * `facts`: { platform, arch, glibc (undefined: not a glibc system), installed (path of the addon, or undefined), error }
 */
export function diagnose({ platform, arch, glibc, installed, error }) {
  if (platform !== 'linux')
    return `CWS watches Linux hosts; this is ${platform}. Rules and plugins can be written and tested here all the same.`
  if (glibc === undefined)
    return `this Linux does not use glibc (Alpine and other musl systems do not); CWS is not built for it yet. Use a glibc image such as Debian, Ubuntu or a RHEL-like one.`
  if (arch !== 'x64') return `CWS is built for x64; this machine is ${arch}, which is not supported yet.`
  if (olderThan(glibc, GLIBC_NEEDED))
    return `glibc ${GLIBC_NEEDED} or newer is needed; this system has ${glibc}. It is part of Debian 10, Ubuntu 20.04, RHEL 8 and later.`
  if (!installed)
    return (
      `the package ${PLATFORM_PACKAGE} is not installed. npm leaves it out with --omit=optional (or --no-optional), with a lock file made on ` +
      'another platform, and when node_modules was copied from one. Run: npm install --include=optional --os=linux --cpu=x64 --libc=glibc'
    )
  if (error?.code === 'EACCES' || /Permission denied/i.test(error?.message ?? ''))
    return `${installed} cannot be read or mapped: ${error.message}. Check its permissions, and that its file system is not mounted noexec.`
  return `${installed} cannot be loaded: ${error?.message ?? 'unknown reason'}`
}

function unavailable(installed, error) {
  const header = process.platform === 'linux' ? machineReport() : {}
  const facts = { platform: process.platform, arch: process.arch, glibc: header.glibcVersionRuntime, installed, error }
  return new NativeUnavailableError(`The native part of CWS is unavailable: ${diagnose(facts)}`, { cause: error })
}

/** The addon's file: that of a clone that has built it, else that of the platform package; undefined when there is none. */
function find() {
  const built = fileURLToPath(new URL('./npm/linux-x64/cws_native.node', import.meta.url))
  if (existsSync(built)) return built
  try {
    return require.resolve(`${PLATFORM_PACKAGE}/cws_native.node`)
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw unavailable(undefined, error)
    return undefined
  }
}

let loaded

/** { addon, folder }: the addon's raw functions and the folder it lies in, beside the BPF objects. Throws NativeUnavailableError. */
export function load() {
  if (loaded) return loaded
  const file = process.platform === 'linux' ? find() : undefined
  if (!file) throw unavailable(undefined, undefined)
  try {
    loaded = { addon: require(file), folder: dirname(file) }
  } catch (error) {
    throw unavailable(file, error)
  }
  return loaded
}

/** Path of a BPF object that is shipped with the addon. Throws NativeUnavailableError. */
export function objectPath(name) {
  return join(load().folder, name)
}
