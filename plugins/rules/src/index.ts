import { assertTrusted, type CheckedRule, definePlugin } from '@cws/core'
import { collect, type Importer } from './collect.ts'
import { setUpDetections } from './detections/set-up.ts'
import { detect } from './engine/detector.ts'
import { type Loaded, load } from './load.ts'
import { options } from './options.ts'
import { runPolicies } from './policy/run.ts'
import { refusedBy, tellLoaded, tellProblems } from './tell.ts'

export type { Importer } from './collect.ts'
export type { Loaded } from './load.ts'
export { type LoadOptions, loadRules } from './load-rules.ts'
export type { PackInput, Tuning } from './options.ts'
export { problemsOfCases } from './policy/cases.ts'
export type { PolicyRule } from './policy/compile-rule.ts'
export { policyJsonSchema } from './policy/schema.ts'
export type * from './report.ts'

/** Runs detection rules: packs, rule files and rules of one's own, tuned by the configuration. */
export const rules = definePlugin(import.meta, {
  options,
  commands: { rules: { summary: 'write, check, test and explain rules', load: () => import('./commands/index.ts') } },
  check: { load: () => import('./commands/notes.ts') },
  async setup(ctx) {
    const { packs, tune, suppressions } = ctx.options
    // What runs as root takes rules from nobody else; modules are checked where they are imported.
    const trust = process.getuid?.() === 0 ? (file: string) => assertTrusted(file, 'policy file') : undefined
    const importer: Importer = { folder: ctx.folder, import: (specifier) => ctx.import(specifier), ...(trust ? { trust } : {}) }
    const loaded = load({ ...(await collect(packs, importer)), suppressions }, tune, ctx.model)
    tellProblems(loaded.report, ctx.log)
    ctx.contents(contentsOf(loaded))
    const between = setUpDetections(ctx as never, loaded)
    const policies = runPolicies(between.heard(loaded.policyRules), loaded.fimGate, between.ctx)
    const ofPolicies = new Set<CheckedRule>(loaded.policyRules)
    detect([...loaded.rules.filter((rule) => !ofPolicies.has(rule)), ...policies.others], between.ctx)

    const rejected = refusedBy(loaded.report)
    const running = new Set(loaded.rules.map(({ id }) => id)).size
    const tell = () => {
      const run = [`${running} rules run`, between.describe(), policies.describe()].filter((text) => text !== '').join('; ')
      if (rejected.length > 0) ctx.status('degraded', `${run}; refused: ${rejected.join(', ')}`)
      else ctx.status('ok', run)
    }
    tell()
    between.onChange(tell)
    policies.onChange(tell)

    const feed = ctx.feed('agent.ruleset_loaded')
    ctx.hooks.ready.tap(() => feed.emit({ ...tellLoaded(loaded, rejected, ctx), rejected } as never))
  },
})

/** What runs, by id. A rule that became several, on an event type each, is one. */
function contentsOf({ rules, detections }: Loaded): Readonly<Record<string, unknown>> {
  const parts = [
    ...rules.map(({ id, on, condition, when, finding }) => ({ id, says: [on, condition, when, finding] as unknown })),
    ...detections.map(({ id, kind, steps, by, within, count, value, finding }) => ({
      id,
      says: [kind, steps, by, within, count, value, finding] as unknown,
    })),
  ]
  return Object.fromEntries([...Map.groupBy(parts, ({ id }) => id)].map(([id, of]) => [id, of.map(({ says }) => says)]))
}

export default rules
