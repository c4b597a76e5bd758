import type { PluginContext, ValueReader } from '@cws/core'
import type { TunedRule } from '../tune.ts'
import type { Effects } from './actions.ts'
import type { PolicyRule } from './compile-rule.ts'
import type { Declaration } from './declare.ts'
import type { FimGate } from './fim-write.ts'
import { judgeInOrder, needsOrder } from './in-order.ts'
import { Limiter } from './limiter.ts'
import { Limits } from './limits.ts'
import { VariableStore } from './variables.ts'

type Rule = PolicyRule & TunedRule

export interface RunningPolicies {
  /** Rules whose order does not matter, for the engine. */
  readonly others: readonly Rule[]
  /** For `cws status`; empty if there is nothing to say. */
  describe(): string
  /** Called when what `describe` says has changed, once a minute at most for each rule. */
  onChange(tell: () => void): void
}

/** Lines that `log` actions write: so many at once, and then one in this time. */
const LOG_LIMIT = { everyMs: 0, token: [] }

/** Puts what policies add to rules to work: limits, variables, actions, and their order. */
export function runPolicies(rules: readonly Rule[], fimGate: FimGate | undefined, ctx: PluginContext): RunningPolicies {
  if (rules.length === 0) return { others: [], describe: () => '', onChange: () => {} }
  const limits = new Limits(rules, ctx.log)
  ctx.hooks.finding.tap(limits.pass)
  ctx.onStop(() => limits.tellRest())

  if (fimGate && rules.some(({ on, when }) => on === 'open' && when))
    ctx.hooks.detect.for('open').tap((event) => fimGate.sawOpen(event as never), { stage: Number.MIN_SAFE_INTEGER })

  const ordered = rules.filter(needsOrder)
  const variables = ordered[0]?.variables ?? new Map<string, Declaration>()
  // Values outlive a reload as long as the variables are the same.
  const store = ctx.keep('variables', () => new VariableStore(), signatureOf(variables))
  if (ordered.length > 0) judgeInOrder(ordered, effectsOf(variables, store, ctx), ctx)
  const inherited = new Set([...variables.values()].filter((one) => one.inherited).map(({ name }) => name))
  if ([...variables.values()].some(({ scope }) => scope === 'process')) {
    ctx.interest('exit', null, { urgent: false })
    // After all rules: an exit is judged while the process still has what it has.
    ctx.hooks.detect.for('exit').tap((event) => store.end(event, (name) => inherited.has(name)), { stage: Number.MAX_SAFE_INTEGER })
  }

  return {
    others: rules.filter((rule) => !needsOrder(rule)),
    describe: () => {
      const evicted = store.evicted > 0 ? `variables forgotten for want of room: ${store.evicted}` : ''
      return [limits.describe(), evicted].filter((text) => text !== '').join('; ')
    },
    onChange: (tell) => {
      limits.onTold = tell
    },
  }
}

function effectsOf(
  variables: ReadonlyMap<string, Declaration>,
  store: VariableStore,
  ctx: PluginContext,
): Effects & { failed(rule: PolicyRule): void } {
  const failures = new Map<string, number>()
  const lines = new Limiter(LOG_LIMIT)
  return {
    variable: (name): ValueReader | undefined => {
      const declaration = variables.get(name)
      return declaration && ((event) => store.read(declaration, event))
    },
    set: (variable, event, value, pid) => store.set(variable, event, value, pid),
    log: (level, message, event) => {
      if (lines.admits(event, performance.now())) ctx.log[level](message)
    },
    failed: ({ id }) => {
      const count = (failures.get(id) ?? 0) + 1
      failures.set(id, count)
      // The first, then each doubling.
      if ((count & (count - 1)) === 0) ctx.log.warn({ rule: id, count }, `rule "${id}": a variable could not be set, ${count} times so far`)
    },
  }
}

/** Two compositions with the same variables share their values. */
function signatureOf(variables: ReadonlyMap<string, Declaration>): string {
  return JSON.stringify([...variables.values()].map(({ name, type }) => [name, type.kind, type.array]).sort())
}
