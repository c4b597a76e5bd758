import { messageOf } from '../errors/cws-error.ts'
import { defaultMessage } from '../messages/default-message.ts'
import type { Template } from '../messages/template.ts'
import type { Field } from '../model/field.ts'
import { signalScope } from '../signals/scope.ts'
import type { DeliveryLog } from './log.ts'
import type { DeliveryComposition } from './protocol.ts'

type Renders = Pick<Template, 'render'>

const usual: Renders = { render: (signal, occasion) => defaultMessage({ signal, occasion }) }

/** The templates of notification rules, by name of the rule. What reads templates is loaded only where there is one. */
export class RuleTemplates {
  #byRule: ReadonlyMap<string, Renders> = new Map()

  of(rule: string | null): Renders {
    return (rule === null ? undefined : this.#byRule.get(rule)) ?? usual
  }

  /** They were checked when the configuration was loaded: one that fails all the same is told, and the usual message takes its place. */
  async load({ routes, fields }: Pick<DeliveryComposition, 'routes' | 'fields'>, log: DeliveryLog): Promise<void> {
    const compiled = new Map<string, Renders>()
    const written = (routes ?? []).flatMap(({ name, message }) => (message === undefined ? [] : [[name, message] as const]))
    if (written.length > 0) {
      const { compileTemplate } = await import('../messages/template.ts')
      const scope = { type: 'signal', fields: new Map<string, Field>([...fields, ...signalScope().fields]) }
      for (const [name, text] of written) {
        try {
          compiled.set(name, compileTemplate(text, scope, `the message of "${name}"`))
        } catch (error) {
          log.error({ code: 'CWS_ERR_TEMPLATE' }, `the message of the notification rule "${name}": ${messageOf(error)}`)
        }
      }
    }
    this.#byRule = compiled
  }
}
