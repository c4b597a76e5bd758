import { Kin, MAX_KNOWN, REMEMBERED_MS } from '../../notifications/kin.ts'
import { decodeSignal } from '../../signals/signal-json.ts'
import type { SignalStore } from '../store/store.ts'

interface Recent {
  readonly severity: number
  readonly last_seen: string
  readonly body: string
}

/** What belonged together before a restart: the open signals of the last ten minutes, as they are stored. `now`: by the steady clock. */
export function rememberedKin(store: SignalStore, now: number): Kin {
  const kin = new Kin()
  const wall = Date.now()
  const since = new Date(wall - REMEMBERED_MS).toISOString()
  const rows = store.consult(
    (database) =>
      database
        .prepare(
          "SELECT severity, last_seen, body FROM signals WHERE status='open' AND last_seen >= ? ORDER BY severity DESC, last_seen DESC LIMIT ?",
        )
        .all(since, MAX_KNOWN) as unknown as Recent[],
  )
  for (const { severity, last_seen, body } of rows?.toSorted((a, b) => (a.last_seen < b.last_seen ? -1 : 1)) ?? []) {
    try {
      // A clock that was set back makes nothing last longer.
      kin.add(decodeSignal(body), severity, now - Math.max(0, wall - Date.parse(last_seen)))
    } catch {
      // What cannot be read keeps nothing quiet.
    }
  }
  return kin
}
