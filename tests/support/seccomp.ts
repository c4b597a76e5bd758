import { readFileSync } from 'node:fs'

interface Condition {
  readonly caps?: readonly string[] | null
  readonly arches?: readonly string[] | null
}
interface Rule {
  readonly names: readonly string[]
  readonly action: string
  readonly args?: readonly unknown[] | null
  readonly errnoRet?: number
  readonly includes?: Condition
  readonly excludes?: Condition
}
interface Profile {
  readonly defaultAction: string
  readonly defaultErrnoRet?: number
  readonly syscalls: readonly Rule[]
}

/** What podman's profile, in the given file, comes to for a container with these capabilities, as the runtime takes it. In substance it is Docker's. */
export function seccompOf(profile: string, capabilities: readonly string[]): unknown {
  const { defaultAction, defaultErrnoRet, syscalls } = JSON.parse(readFileSync(profile, 'utf8')) as Profile
  const here = (arches: readonly string[]) => arches.some((arch) => arch === 'amd64' || arch === 'x86_64')
  const holds = ({ includes = {}, excludes = {} }: Rule): boolean =>
    (includes.caps ?? []).every((name) => capabilities.includes(name)) &&
    !(excludes.caps ?? []).some((name) => capabilities.includes(name)) &&
    (!includes.arches?.length || here(includes.arches)) &&
    !here(excludes.arches ?? [])
  return {
    defaultAction,
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    syscalls: syscalls.filter(holds).map(({ names, action, args, errnoRet }) => ({
      names,
      action,
      ...(args?.length ? { args } : {}),
      ...(errnoRet === undefined ? {} : { errnoRet }),
    })),
  }
}
