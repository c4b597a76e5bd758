import { assertTrusted, type CheckedRule, definePlugin } from '@cws/core'
import { collect, type Importer } from './collect.ts'
import { partition, without } from './detections/found.ts'
import { setUpDetections } from './detections/set-up.ts'
import { detect } from './engine/detector.ts'
import { load } from './load.ts'
import { options } from './options.ts'
import { refusedBy, tellLoaded, tellProblems } from './tell.ts'

export type { Importer } from './collect.ts'
export type { Loaded } from './load.ts'
export { type LoadOptions, loadRules } from './load-rules.ts'
export type { PackInput, Tuning } from './options.ts'
export type { PolicyRule } from './policy/compile-rule.ts'
export { policyJsonSchema } from './policy/schema.ts'
export type * from './report.ts'

/** Runs detection rules: packs, rule files and rules of one's own, tuned by the configuration. */
export const rules = definePlugin(import.meta, {
  options,
  commands: { rules: { summary: 'write, check, test and explain rules', load: () => import('./commands/index.ts') } },
  async setup(ctx) {
    const { packs, tune, suppressions } = ctx.options
    // What runs as root takes rules from nobody else; modules are checked where they are imported.
    const trust = process.getuid?.() === 0 ? (file: string) => assertTrusted(file, 'policy file') : undefined
    const importer: Importer = { folder: ctx.folder, import: (specifier) => ctx.import(specifier), ...(trust ? { trust } : {}) }
    const found = await collect(packs, importer)
    const { rules: ofRules, detections } = partition(found.rules)
    const loaded = load({ ...found, rules: ofRules }, without(tune, detections), ctx.model)
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
    tellProblems(loaded.report, set, ctx.log)
    detect(loaded.rules, set.ctx)

    const rejected = [...refusedBy(loaded.report), ...set.rejected.map(({ id }) => id)]
    const tell = () => {
      const run = [`${loaded.rules.length} rules run`, set.describe()].filter((text) => text !== '').join('; ')
      if (rejected.length > 0) ctx.status('degraded', `${run}; refused: ${rejected.join(', ')}`)
      else ctx.status('ok', run)
    }
    tell()
    set.onChange(tell)

    const feed = ctx.feed('agent.ruleset_loaded')
    ctx.hooks.ready.tap(() => feed.emit({ ...tellLoaded(loaded.report, rejected, ctx), rejected } as never))
  },
})

export default rules
