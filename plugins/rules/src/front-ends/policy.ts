import { readFileSync, statSync } from 'node:fs'
import { CwsError } from '@cws/core'
import { LARGEST_FILE } from '../policy/document.ts'

/** Endings of policy files. */
export const policyEndings: readonly string[] = ['.policy', '.policy.yaml', '.policy.yml']

export function isPolicy(file: string): boolean {
  return policyEndings.some((ending) => file.endsWith(ending))
}

/**
 * The text of a policy file.
 * @throws CwsError CWS_ERR_RULE if it is too large to be read.
 */
export function readPolicy(file: string): string {
  const { size } = statSync(file)
  if (size > LARGEST_FILE) throw new CwsError('CWS_ERR_RULE', `the file is larger than ${LARGEST_FILE} bytes: split it`)
  return readFileSync(file, 'utf8')
}
