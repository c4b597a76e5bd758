import { strict as assert } from 'node:assert'
import type { NotifierInstance } from '../plugin/instance.ts'
import { within } from '../plugin/timeout.ts'
import { uncloneable } from '../plugin/validate.ts'
import { hostileLetter, hostileValues } from './hostile-values.ts'
import { loadOptions } from './load-options.ts'
import { leftOpen } from './open-handles.ts'
import type { TestRunner } from './plugin-tester.ts'
import { TestNotifier } from './test-notifier.ts'

const CLOSE_MS = 1_000
const TIERS = [0, 1, 2]

/** What notifiers owe. */
export function notifierTests(it: TestRunner['it'], make: () => NotifierInstance): void {
  const closed = (notifier: TestNotifier) => within(CLOSE_MS, make().name, 'close', () => notifier.stop())

  it('has options that can cross to the delivery thread', async () => {
    const stuck = uncloneable(await loadOptions(make()))
    if (stuck) assert.fail(`the option ${stuck.join('.')} cannot: pass data`)
  })
  it('sets up with frozen options', async () => {
    const notifier = await TestNotifier.of(make())
    assert.equal(typeof notifier.notifier.deliver, 'function')
    for (const key of ['mode', 'interrupts', 'changes'])
      assert.ok(!(key in notifier.notifier), `\`${key}\` stands in the definition, not in what setup returns`)
    await closed(notifier)
  })
  it('draws hostile values in every form', async () => {
    await using tested = await TestNotifier.of(make())
    const { notifier } = tested
    const draw = notifier.render ?? notifier.shorten
    for (const text of draw ? hostileValues : [])
      for (const tier of notifier.render ? TIERS : TIERS.slice(1)) {
        const body = draw?.call(notifier, hostileLetter(text), tier)
        const what = `tier ${tier} of ${JSON.stringify(text).slice(0, 80)}`
        assert.equal(typeof body, 'string', `no text: ${what}`)
        assert.ok(body?.isWellFormed(), `a lone surrogate, which cannot be stored: ${what}`)
      }
  })
  it('may be closed twice, without having delivered', async () => {
    const notifier = await TestNotifier.of(make())
    await closed(notifier)
    await closed(notifier)
  })
  it('leaves nothing open', async () => {
    const left = await leftOpen(async () => {
      await closed(await TestNotifier.of(make()))
    })
    assert.deepEqual(left, [], 'still open after close')
  })
}
