import type { Trigger } from '@cws/core'
import { makeFile, obstacleToMake, obstacleToRead, readFile } from './files.ts'
import { obstacleToRun, runProgram } from './run.ts'

/** Why it cannot be done on this host; undefined if it can. Whether it does harm is another question: that says `trigger.harm`. */
export function obstacle(trigger: Trigger): string | undefined {
  if ('make' in trigger) return obstacleToMake(trigger)
  return 'read' in trigger ? obstacleToRead(trigger) : obstacleToRun(trigger)
}

/** Does it; what is returned removes what it made, and must be called. @throws Error if it cannot be done; nothing is left behind then */
export function perform(trigger: Trigger): () => void {
  if ('make' in trigger) return makeFile(trigger)
  if ('read' in trigger) return readFile(trigger)
  runProgram(trigger)
  return () => {}
}
