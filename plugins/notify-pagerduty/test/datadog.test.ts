import { TestNotifier } from '@cws/core/testing'
import { expect, it } from 'vitest'
import { datadogLetter } from '../../../core/test/fixtures/datadog-letter.ts'
import pagerduty from '../src/index.ts'
import { PagerDuty } from './pagerduty.ts'

it('messages of Datadog’s detection rules say the same words here [case 42]', async () => {
  await using receiver = await PagerDuty.start()
  await using tested = await TestNotifier.of(pagerduty({ routingKey: 'e93facc04764012d7bfb002500d5d1a6', endpoint: receiver.url }))
  const { signal, ...letter } = datadogLetter()
  expect(await tested.deliver(signal, { letter })).toMatchObject({ outcome: { result: 'delivered' } })
  await expect(JSON.stringify(receiver.events[0], null, 2)).toMatchFileSnapshot('golden/datadog.json.txt')
})
