import { simpleParser } from 'mailparser'
import { expect, it } from 'vitest'
import { datadogLetter } from '../../../core/test/fixtures/datadog-letter.ts'
import { mailOf } from '../src/mail.ts'
import { WHO } from './letters.ts'

it('messages of Datadog’s detection rules say the same words here [case 42]', async () => {
  const { text, html } = await simpleParser(mailOf(datadogLetter(), 0, WHO), { skipTextToHtml: true, skipHtmlToText: true })
  await expect(text).toMatchFileSnapshot('golden/datadog.txt')
  await expect(html).toMatchFileSnapshot('golden/datadog.html.txt')
})
