import { CwsError } from '../errors/cws-error.ts'

/** Services that plugins offer each other, by name. */
export class Services {
  readonly #services = new Map<string, { readonly plugin: string; readonly service: unknown }>()

  /** @throws CwsError CWS_ERR_SERVICE if it is exposed already. */
  expose(plugin: string, key: string, service: unknown): void {
    const other = this.#services.get(key)
    if (other) throw new CwsError('CWS_ERR_SERVICE', `service "${key}" is exposed by "${other.plugin}" already`, { plugin })
    this.#services.set(key, { plugin, service })
  }

  /** @throws CwsError CWS_ERR_SERVICE if nobody exposes it. */
  use(plugin: string, key: string): unknown {
    const found = this.#services.get(key)
    if (!found)
      throw new CwsError('CWS_ERR_SERVICE', `nobody exposes the service "${key}"`, {
        plugin,
        hint: 'list the plugin that exposes it before this one',
      })
    return found.service
  }

  maybe(key: string): unknown {
    return this.#services.get(key)?.service
  }
}
