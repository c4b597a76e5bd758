import { checkRule, compileCondition, definePlugin, type EventType, type PluginContext, type Predicate, type RulePack } from '@cws/core'

/** What an engine is measured against: every rule of the event's type is tried, one after another. */
export function naive(pack: RulePack) {
  return definePlugin(import.meta, {
    name: 'naive',
    setup(context) {
      const ctx = context as unknown as PluginContext
      const checked = pack.rules.map((rule) => checkRule(rule, ctx.model.get))
      for (const [type, rules] of Map.groupBy(checked, (rule) => rule.on)) {
        const tests: readonly Predicate[] = rules.map((rule) => compileCondition(rule.condition))
        ctx.hooks.detect.for(type as EventType).tap((event) => {
          for (let i = 0; i < tests.length; i++)
            if ((tests[i] as Predicate)(event as never) === true) ctx.report(event as never, (rules[i] as (typeof rules)[number]).finding)
        })
      }
    },
  })()
}
