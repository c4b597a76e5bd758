import { chmodSync, constants, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Begins the names of all that is made. */
export const MARK = 'cws-simulate'

/** A new folder in which nobody else makes files. `using place = new Place()` */
export class Place implements Disposable {
  readonly path: string

  /** `mode`: who else may look into it; nobody if absent. */
  constructor(parent = tmpdir(), mode = 0o700) {
    this.path = mkdtempSync(join(parent, `${MARK}-`))
    if (mode !== 0o700) chmodSync(this.path, mode)
  }

  /** A copy of a program under another name. */
  copyOf(original: string, name: string, mode?: number): string {
    const copy = join(this.path, name)
    copyFileSync(original, copy, constants.COPYFILE_EXCL)
    if (mode !== undefined) chmodSync(copy, mode)
    return copy
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
