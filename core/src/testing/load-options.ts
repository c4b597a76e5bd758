import { CwsError } from '../errors/cws-error.ts'
import type { AnyInstance } from '../plugin/instance.ts'
import { checkOptions, freezeDeep } from '../plugin/validate.ts'

/** The options as a plugin gets them from the agent: judged by its schema, unknown keys refused, frozen. @throws CwsError CWS_ERR_PLUGIN_OPTIONS */
export async function loadOptions({ name, definition, options }: AnyInstance): Promise<unknown> {
  const checked = await checkOptions(definition.options, options)
  if (checked.ok) return freezeDeep(checked.options)
  const flaws = checked.flaws.map(({ path, message }) => [...path, message].join(': '))
  throw new CwsError('CWS_ERR_PLUGIN_OPTIONS', flaws.join('; '), { plugin: name })
}
