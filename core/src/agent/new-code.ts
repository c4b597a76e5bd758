import type { AnyInstance } from '../plugin/instance.ts'
import { installedVersion } from '../plugin/package-info.ts'

/** Packages of plugins whose installed version is not the one that runs: a reload evaluates configurations anew, not packages. */
export function newCode(instances: readonly AnyInstance[]): readonly string[] {
  const told = new Map<string, string>()
  for (const { package: info } of instances) {
    const installed = installedVersion(info)
    if (installed !== undefined && installed !== info.version)
      told.set(info.folder, `${info.name} ${installed} is installed, ${info.version} runs: new code of plugins needs a restart`)
  }
  return [...told.values()]
}
