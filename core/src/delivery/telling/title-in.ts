import { decodeSignal } from '../../signals/signal-json.ts'

/** What follows words about a signal: `: ` and its title; nothing where its text cannot be read, which may be why there are words about it. */
export function titleIn(body: string): string {
  try {
    return `: ${decodeSignal(body).title}`
  } catch {
    return ''
  }
}
