import type { Letter } from '../letter.ts'

/** CloudEvents 1.0, structured: the envelope, and the signal as CWS writes it as `data`. `source` and `id` together name a delivery. */
export function cloudEvent({ key, reason, signal, kept }: Letter): object {
  return {
    specversion: '1.0',
    id: key,
    source: `urn:cws:host:${encodeURIComponent(signal.host.name.toWellFormed())}`,
    type: `cws.signal.${reason}`,
    subject: signal.id,
    time: signal.last_seen,
    datacontenttype: 'application/json',
    severity: signal.severity,
    kept,
    data: { kind: 'signal', ...signal },
  }
}
