import { hostname } from 'node:os'
import { CwsError } from '../errors/cws-error.ts'
import { broken, objectOf } from './line.ts'

/** Rises with every change that an older reader would misread. */
export const RECORDING_VERSION = 1

/** The first line of a recording. */
export interface RecordingHead {
  readonly kind: 'recording'
  readonly version: number
  /** Version of the agent that recorded. */
  readonly agent: string
  readonly host: { readonly name: string }
  /** RFC 3339. */
  readonly started: string
}

/** The head of a recording that begins now on this host. */
export function headOf(agent: string): RecordingHead {
  return { kind: 'recording', version: RECORDING_VERSION, agent, host: { name: hostname() }, started: new Date().toISOString() }
}

/** Reads the first line. @throws CwsError CWS_ERR_RECORDING */
export function readHead(line: string): RecordingHead {
  const head = objectOf(line, 1) as Partial<RecordingHead>
  if (head.kind !== 'recording' || typeof head.version !== 'number' || typeof head.host?.name !== 'string')
    throw broken(1, 'this is not what a recording begins with')
  if (head.version > RECORDING_VERSION)
    throw new CwsError(
      'CWS_ERR_RECORDING',
      `it was recorded by a newer version of the agent (form ${head.version}, this one reads ${RECORDING_VERSION})`,
      {
        hint: 'replay it with that version',
      },
    )
  return head as RecordingHead
}
