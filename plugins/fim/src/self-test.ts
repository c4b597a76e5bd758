import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CwsError, type SelfTest } from '@cws/core'

/** What of the sensor is needed: to have an eye on one more folder for a while. */
export interface Watcher {
  /** @returns ends it */
  watchBeside(folder: string): () => void
}

/** A marker is removed after so long, if the sensor did not see it. */
const PATIENCE_MS = 10_000

/**
 * Makes a file with the nonce as its name in a folder of its own that nobody else can look into. The folder is watched for that moment as
 * the others are, by a group of its own through the same native thread.
 */
export function selfTest(watcher: Watcher): SelfTest {
  /** How each marker that is there is removed. */
  const markers = new Map<string, () => void>()
  return {
    on: 'change',
    trigger(nonce) {
      const folder = ownFolder()
      let unwatch: (() => void) | undefined
      const remove = () => {
        markers.delete(nonce)
        clearTimeout(timer)
        unwatch?.()
        rmSync(folder, { recursive: true, force: true })
      }
      const timer = setTimeout(remove, PATIENCE_MS).unref()
      try {
        unwatch = watcher.watchBeside(folder)
        markers.set(nonce, remove)
        writeFileSync(join(folder, nonce), '', { flag: 'wx', mode: 0o600 })
      } catch (error) {
        remove()
        throw error
      }
    },
    recognise(event, nonce) {
      const seen = event.get('change.file.name') === nonce
      // Not while it is judged.
      const remove = seen ? markers.get(nonce) : undefined
      if (remove) setImmediate(remove)
      return seen
    },
  }
}

/** The agent's run folder, or where else it may write. */
function ownFolder(): string {
  const { CWS_RUN_DIR, RUNTIME_DIRECTORY } = process.env
  for (const place of [CWS_RUN_DIR, RUNTIME_DIRECTORY?.split(':')[0], '/run/cws', tmpdir(), '/dev/shm']) {
    if (!place) continue
    try {
      return mkdtempSync(join(place, 'cws-self-test-'))
    } catch {
      // The next one.
    }
  }
  throw new CwsError('CWS_ERR_PLUGIN_SETUP', 'the self-test finds no folder that it may write to')
}
