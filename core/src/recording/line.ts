import { CwsError } from '../errors/cws-error.ts'

/** Reads a line of a recording: an object. @throws CwsError CWS_ERR_RECORDING */
export function objectOf(line: string, number: number): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw broken(number, 'it is no JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw broken(number, 'it is no object')
  return value as Readonly<Record<string, unknown>>
}

export const broken = (number: number, why: string): CwsError => new CwsError('CWS_ERR_RECORDING', `line ${number}: ${why}`)

/** A value as an error shows it, cut: what can be read is not always shallow enough to be written. */
export function shown(value: unknown): string {
  try {
    return String(JSON.stringify(value)).slice(0, 60)
  } catch {
    return 'something nested too deeply'
  }
}
