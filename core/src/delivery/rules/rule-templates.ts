import { type NamedNotifier, uncalled } from '../../config/check-mentions.ts'
import { messageOf } from '../../errors/cws-error.ts'
import { defaultMessage } from '../../messages/default-message.ts'
import type { Template } from '../../messages/template.ts'
import type { Field } from '../../model/field.ts'
import { signalScope } from '../../signals/scope.ts'
import type { DeliveryLog } from '../log.ts'
import type { DeliveryComposition, Route } from '../protocol.ts'

type Renders = Pick<Template, 'render'>

interface Loaded extends Pick<DeliveryComposition, 'routes' | 'fields'> {
  readonly destinations?: DeliveryComposition['destinations']
  readonly edited?: ReadonlySet<string>
}

function hearersOf(
  { to, escalate = [] }: Pick<Route, 'to' | 'escalate'>,
  destinations: DeliveryComposition['destinations'],
): readonly NamedNotifier[] {
  const names = new Set([...to, ...escalate.flatMap((step) => step.to)])
  return destinations.filter(({ name }) => names.has(name)).map(({ name, manner }) => ({ name, mentions: manner.mentions }))
}

const usual: Renders = { render: (signal, occasion) => defaultMessage({ signal, occasion }) }

/** The templates of notification rules, by name of the rule. What reads templates is loaded only where there is one. */
export class RuleTemplates {
  #byRule: ReadonlyMap<string, Renders> = new Map()

  of(rule: string | null): Renders {
    return (rule === null ? undefined : this.#byRule.get(rule)) ?? usual
  }

  /**
   * They were checked when the configuration was loaded: one that fails all the same is told, and the usual message takes its place. `edited`: rules that are
   * not as the configuration has them. They were checked against another one, perhaps, which called others.
   */
  async load({ routes, fields, destinations = [], edited = new Set() }: Loaded, log: DeliveryLog): Promise<void> {
    const compiled = new Map<string, Renders>()
    const written = (routes ?? []).flatMap((route) => (route.message === undefined ? [] : [{ ...route, message: route.message }]))
    if (written.length > 0) {
      const { compileTemplate } = await import('../../messages/template.ts')
      const scope = { type: 'signal', fields: new Map<string, Field>([...fields, ...signalScope().fields]) }
      for (const { name, message, ...route } of written) {
        try {
          const template = compileTemplate(message, scope, `the message of "${name}"`)
          compiled.set(name, template)
          if (!edited.has(name)) continue
          for (const fault of uncalled(template.mentions, hearersOf(route, destinations)))
            log.warn(`the message of the notification rule "${name}", as it was changed: ${fault}`)
        } catch (error) {
          log.error({ code: 'CWS_ERR_TEMPLATE' }, `the message of the notification rule "${name}": ${messageOf(error)}`)
        }
      }
    }
    this.#byRule = compiled
  }
}
