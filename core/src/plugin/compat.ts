import semver from 'semver'
import { type PackageInfo, packageInfoOf } from './package-info.ts'

/** The version of this copy of @cws/core. */
export const coreVersion = packageInfoOf(import.meta.url).version

/** Why a package cannot run on this core; undefined if it can, or does not say. Ranges that are no semver, such as `workspace:*`, are not judged. */
export function incompatibility(info: PackageInfo, core: string = coreVersion): string | undefined {
  if (info.core === undefined || semver.validRange(info.core) === null) return undefined
  if (semver.satisfies(core, info.core, { includePrerelease: true })) return undefined
  return `${info.name} ${info.version} needs @cws/core ${info.core}, but this is @cws/core ${core}`
}
