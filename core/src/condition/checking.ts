import type { WarningCode } from './environment.ts'
import type { Refuse } from './source.ts'

/** How the checker speaks of the text that it is at. */
export interface Checking {
  readonly refuse: Refuse
  readonly warn: (code: WarningCode, at: number, message: string) => void
}
