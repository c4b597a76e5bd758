import { CwsError } from '@cws/core'
import { fitsLanguage, type HostFacts, holdsOnHost, LANGUAGE_VERSION } from './host-filter.ts'
import { type Entry, PolicyError } from './policy.ts'

/**
 * What leaves a macro or a rule out on this host: its `agent_version` or its `filters`. Undefined if nothing does.
 * @throws PolicyError if one of them cannot be read.
 */
export function leftOut(
  entry: Entry<{ readonly agent_version?: string | undefined; readonly filters?: readonly string[] | undefined }>,
  facts: HostFacts,
): string | undefined {
  const { agent_version, filters } = entry.definition ?? {}
  if (agent_version !== undefined) {
    const fits = fitsLanguage(agent_version)
    if (fits === undefined) {
      const message = `\`agent_version\`: ${JSON.stringify(agent_version.slice(0, 100))} is no semver constraint`
      throw new PolicyError([entry.policy.problem('agent_version_error', message, [...entry.path, 'agent_version'])])
    }
    if (!fits) return `agent_version: ${agent_version} (this is ${LANGUAGE_VERSION})`
  }
  if (filters === undefined || filters.length === 0) return undefined
  const holds = filters.map((filter, i) => {
    try {
      return holdsOnHost(filter, facts)
    } catch (error) {
      if (!(error instanceof CwsError)) throw error
      throw new PolicyError([entry.policy.problemInText('agent_filter_error', error, [...entry.path, 'filters', i])])
    }
  })
  return holds.includes(true) ? undefined : `filters: ${filters.join(' | ')}`
}
