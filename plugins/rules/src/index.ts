import { CwsError, definePlugin } from '@cws/core'
import { collect } from './collect.ts'
import { detect } from './engine/detector.ts'
import { load } from './load.ts'
import { options } from './options.ts'

export type { PackInput, Tuning } from './options.ts'

/** Runs detection rules: packs, rule files and rules of one's own, tuned by the configuration. */
export const rules = definePlugin(import.meta, {
  options,
  commands: { rules: { summary: 'write, check, test and explain rules', load: () => import('./commands/index.ts') } },
  async setup(ctx) {
    const { packs, tune } = ctx.options
    const loaded = load(await collect(packs, ctx), tune, ctx.model.get)
    for (const { message, frame } of loaded.warnings) ctx.log.warn({ frame }, message)
    for (const { origin, error } of loaded.rejected) {
      const frame = error instanceof CwsError ? error.frame : undefined
      // What does not evaluate names its place itself.
      ctx.log.error({ frame }, error.message.includes(`${origin}:`) ? error.message : `${origin}: ${error.message}`)
    }
    detect(loaded.rules, ctx as never)

    const rejected = loaded.rejected.map(({ id }) => id)
    if (rejected.length > 0) ctx.status('degraded', `${loaded.rules.length} rules run; refused: ${rejected.join(', ')}`)
    else ctx.status('ok', `${loaded.rules.length} rules run`)

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
