import { readFileSync } from 'node:fs'
import { arch, hostname, release } from 'node:os'
import { compileCondition, type Field, int, parseCondition, type Scope, string } from '@cws/core'
import semver from 'semver'

/** The version of Datadog's agent up to which its rule language and model are followed: what `agent_version` of a policy is compared with. */
export const LANGUAGE_VERSION = '7.71.0'

/** What filters ask of a host, by field. */
export type HostFacts = Readonly<Record<keyof typeof fields, string | number>>

const fields = {
  os: string('`linux`'),
  'kernel.version.major': int('6 of 6.8.0'),
  'kernel.version.minor': int('8 of 6.8.0'),
  'kernel.version.patch': int('0 of 6.8.0'),
  arch: string('As Go calls it: `amd64`, `arm64`'),
  hostname: string('Name of the host'),
  origin: string('`ebpf`'),
  'distribution.id': string('ID of os-release: `ubuntu`'),
  'distribution.version': string('VERSION_ID of os-release: `24.04`'),
} satisfies Record<string, Field>

const scope: Scope = { type: 'the filter', fields: new Map(Object.entries(fields)) }

/** Of this host. */
export function hostFacts(): HostFacts {
  const [, major = 0, minor = 0, patch = 0] = (/^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release()) ?? []).map((part) => Number(part ?? 0))
  const os = osRelease()
  const machine = arch()
  return {
    os: 'linux',
    'kernel.version.major': major,
    'kernel.version.minor': minor,
    'kernel.version.patch': patch,
    arch: machine === 'x64' ? 'amd64' : machine,
    hostname: hostname(),
    origin: 'ebpf',
    'distribution.id': os('ID'),
    'distribution.version': os('VERSION_ID'),
  }
}

/**
 * Whether a filter holds on a host.
 * @throws CwsError CWS_ERR_CONDITION if it does not parse
 */
export function holdsOnHost(filter: string, facts: HostFacts): boolean {
  return compileCondition(parseCondition(filter, scope))({ get: (field) => facts[field as keyof HostFacts] }) === true
}

/** Whether a constraint takes the version of the language; undefined if it is no constraint. Commas are `and`, as policies have them. */
export function fitsLanguage(constraint: string): boolean | undefined {
  if (constraint.length > 256) return undefined
  const range = constraint.replaceAll(',', ' ')
  return semver.validRange(range) === null ? undefined : semver.satisfies(LANGUAGE_VERSION, range)
}

function osRelease(): (key: string) => string {
  let text = ''
  try {
    text = readFileSync('/etc/os-release', 'utf8')
  } catch {
    // A host without it has no name to tell.
  }
  return (key) => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? ''
}
