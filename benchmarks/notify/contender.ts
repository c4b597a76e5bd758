import type { Finding } from './paced-agent.ts'

/** Where a flood of findings is told from: this agent, or another program that is given the same. It tells its destinations of all of them. */
export interface Contender extends AsyncDisposable {
  readonly name: string
  /** Makes it know this so many times over so many ms; settles when it does. */
  find(finding: Finding, count?: number, ms?: number): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
  /** Starts it again with what it had stored. */
  restart(): Promise<void>
}

/** What a contender's messages are sent to. */
export const DESTINATIONS = ['one', 'two'] as const
