import { expect, it } from 'vitest'
import { datadogLetter } from '../../../core/test/fixtures/datadog-letter.ts'
import { render } from '../src/message/render.ts'
import { messageSchema } from './schema.ts'

it('messages of Datadog’s detection rules say the same words here [case 42]', async () => {
  const { message } = render(datadogLetter(), 0, { mentions: [], inPlace: true })
  await expect(JSON.stringify(messageSchema.parse(message), null, 2)).toMatchFileSnapshot('golden/datadog.json.txt')
})
