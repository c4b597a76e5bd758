import { type CheckedRule, CwsError, definePlugin } from '@cws/core'
import { collect } from './collect.ts'
import { partition, without } from './detections/found.ts'
import { setUpDetections } from './detections/set-up.ts'
import { detect } from './engine/detector.ts'
import { load } from './load.ts'
import { options } from './options.ts'

export type { PackInput, Tuning } from './options.ts'

/** Runs detection rules: packs, rule files and rules of one's own, tuned by the configuration. */
export const rules = definePlugin(import.meta, {
  options,
  commands: { rules: { summary: 'write, check, test and explain rules', load: () => import('./commands/index.ts') } },
  async setup(ctx) {
    const { packs, tune, suppressions } = ctx.options
    const found = await collect(packs, ctx)
    const { rules: ofRules, detections } = partition(found.rules)
    const loaded = load({ ...found, rules: ofRules }, without(tune, detections), ctx.model.get)
    const off = new Map(
      ofRules
        .map(({ rule }) => rule as CheckedRule)
        .filter(({ id }) => loaded.off.includes(id))
        .map((rule) => [rule.id, rule]),
    )
    const set = setUpDetections(
      ctx as never,
      { detections, suppressions: suppressions.map((suppression, i) => ({ suppression, origin: `suppressions[${i}]` })), tune },
      loaded.rules,
      off,
    )
    for (const { message, frame } of [...loaded.warnings, ...set.warnings]) ctx.log.warn({ frame }, message)
    for (const { origin, error } of [...loaded.rejected, ...set.rejected]) {
      const frame = error instanceof CwsError ? error.frame : undefined
      // What does not evaluate names its place itself.
      ctx.log.error({ frame }, error.message.includes(`${origin}:`) ? error.message : `${origin}: ${error.message}`)
    }
    detect(loaded.rules, set.ctx)

    const rejected = [...loaded.rejected, ...set.rejected].map(({ id }) => id)
    const tell = () => {
      const run = [`${loaded.rules.length} rules run`, set.describe()].filter((text) => text !== '').join('; ')
      if (rejected.length > 0) ctx.status('degraded', `${run}; refused: ${rejected.join(', ')}`)
      else ctx.status('ok', run)
    }
    tell()
    set.onChange(tell)

    const feed = ctx.feed('agent.ruleset_loaded')
    ctx.hooks.ready.tap(() => {
      const unfed = loaded.rules.filter((rule) => !ctx.model.isFed(rule.on))
      for (const [type, ofType] of Map.groupBy(unfed, (rule) => rule.on))
        ctx.log.info(`not fed here, so that they cannot fire: rules on "${type}" (${ofType.map((rule) => rule.id).join(', ')})`)
      const run = loaded.rules.length - unfed.length
      ctx.log.info(`${run} rules run, ${unfed.length} not fed here, ${rejected.length} refused, ${loaded.off.length} off`)
      feed.emit({ loaded: loaded.rules.length, rejected, unfed: unfed.map((rule) => rule.id) } as never)
    })
  },
})

export default rules
