import { strict as assert } from 'node:assert'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { EventDefinition } from '../model/define-event.ts'
import type { AnyInstance, NotifierInstance, OptionsSchema, PluginInstance } from '../plugin/instance.ts'
import { checkOptions } from '../plugin/validate.ts'
import { notifierTests } from './notifier-tests.ts'
import { pluginTests } from './plugin-tests.ts'

/** Of a test runner only this much is needed. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => void
  readonly it: (name: string, body: () => void | Promise<void>) => void
}

/** What `definePlugin` and `defineNotifier` return, as far as the tester needs it. */
type Factory = {
  readonly definition: { readonly options?: OptionsSchema; readonly events?: readonly EventDefinition[] }
}

export interface PluginCases {
  /** Options that must be accepted; the first is the sample configuration, used for the life-cycle tests. */
  readonly valid: readonly [object, ...object[]]
  /** Options that must be refused. */
  readonly invalid?: readonly object[]
  /** Other plugins that this one needs, for example those that expose a service it uses. */
  readonly beside?: readonly PluginInstance[]
}

/**
 * Tests what every plugin owes its users, whatever it does. Works with any runner that has `describe` and `it`:
 * `new PluginTester({ describe, it }).run(myPlugin, { valid: [{ limit: 3 }], invalid: [{ limit: -1 }] })`.
 */
export class PluginTester {
  readonly #runner: TestRunner

  /** @param runner the globals of vitest, jest or mocha unless given */
  constructor(runner: TestRunner = globalThis as unknown as TestRunner) {
    if (typeof runner.describe !== 'function' || typeof runner.it !== 'function')
      throw new Error('PluginTester needs a test runner: new PluginTester({ describe, it })')
    this.#runner = runner
  }

  run(factory: Factory, cases: PluginCases): void {
    const [sample] = cases.valid
    const make = () => (factory as unknown as (options: object) => AnyInstance)(sample)
    const instance = make()
    const { describe, it } = this.#runner
    describe(`plugin ${instance.name}`, () => {
      packageTests(it, instance)
      optionTests(it, factory.definition.options, cases)
      if (instance.kind === 'plugin') pluginTests(it, make as () => PluginInstance, cases.beside ?? [])
      else notifierTests(it, make as () => NotifierInstance)
    })
  }
}

function packageTests(it: TestRunner['it'], instance: AnyInstance): void {
  const { folder, core } = instance.package
  let manifest: { readonly keywords?: readonly string[] } | undefined
  try {
    manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as typeof manifest
  } catch {}
  // Code that is in no package, such as a plugin in the configuration itself, owes nothing here.
  if (!manifest?.keywords?.includes('cws-plugin')) return
  it('says which @cws/core it works with', () => {
    assert.ok(core, 'package.json has no "peerDependencies": { "@cws/core": … }')
  })
  const readmeFile = join(folder, 'README.md')
  if (!existsSync(readmeFile)) return
  it('tells each option in its README', () => {
    const readme = readFileSync(readmeFile, 'utf8')
    const silent = Object.keys(propertiesOf(instance.definition.options)).filter((name) => !readme.includes(`\`${name}\``))
    assert.deepEqual(silent, [], 'options that README.md does not name')
  })
}

function optionTests(it: TestRunner['it'], schema: OptionsSchema | undefined, { valid, invalid = [] }: PluginCases): void {
  const judged = async (options: object) => {
    const { name: _, ...rest } = options as { name?: string }
    const checked = await checkOptions(schema, rest)
    return checked.ok ? undefined : checked.flaws.map(({ path, message }) => [...path, message].join(': ')).join('; ')
  }
  for (const [i, options] of valid.entries())
    it(`accepts options ${i === 0 ? '(the sample)' : i}`, async () => {
      const flaws = await judged(options)
      if (flaws) assert.fail(flaws)
    })
  for (const [i, options] of invalid.entries())
    it(`refuses options ${i}: ${JSON.stringify(options)}`, async () => {
      if ((await judged(options)) === undefined) assert.fail('these options were accepted')
    })
  if (schema)
    it('describes each option', () => {
      const silent = Object.entries(propertiesOf(schema)).flatMap(([name, { description }]) => (description ? [] : [name]))
      assert.deepEqual(silent, [], 'options without .describe()')
    })
}

function propertiesOf(schema: OptionsSchema | undefined): Readonly<Record<string, { readonly description?: string }>> {
  if (!schema) return {}
  const { properties } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, { description?: string }>
  }
  return properties ?? {}
}
