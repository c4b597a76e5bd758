import { describe, expect, it } from 'vitest'
import { beginningOf } from '../../src/http/beginning.ts'
import { outcomeOfAnswer, outcomeOfError } from '../../src/http/outcome.ts'
import { hasCredentials, isSafeTarget } from '../../src/http/safe-target.ts'

const failed = (code: string): Error => Object.assign(new Error('to https://secret.example'), { code })

describe('an answer over HTTP', () => {
  it.each([
    [200, 'delivered'],
    [299, 'delivered'],
    [301, 'broken'],
    [400, 'reject'],
    [401, 'broken'],
    [404, 'broken'],
    [408, 'retry'],
    [410, 'broken'],
    [413, 'reject'],
    [422, 'reject'],
    [425, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [599, 'retry'],
  ])('of %i means %s', (status, result) => {
    expect(outcomeOfAnswer(status, '', undefined)).toMatchObject({ result })
  })

  it('is quoted as it is, for who masks it', () => {
    const text = 'x'.repeat(1_000)
    expect(outcomeOfAnswer(500, text, '7')).toEqual({ result: 'retry', detail: `HTTP 500: ${text}`, retryAfterMs: 7_000 })
  })

  it('of 400 that wants a client certificate is no fault of the message [case 20]', () => {
    const page = (title: string) => `<html>\r\n<head><title>400 ${title}</title></head>\r\n<body>`
    expect(outcomeOfAnswer(400, page('No required SSL certificate was sent'), undefined)).toMatchObject({ result: 'broken' })
    expect(outcomeOfAnswer(400, page('The SSL certificate error'), undefined)).toMatchObject({ result: 'broken' })
    expect(outcomeOfAnswer(400, page('Request Header Or Cookie Too Large'), undefined)).toMatchObject({ result: 'reject' })
    expect(outcomeOfAnswer(400, `x${page('No required SSL certificate was sent')}`, undefined)).toMatchObject({ result: 'reject' })
  })

  it.each(['-1', 'soon', '', '1e9', 'Sun, 06 Nov 1994 08:49:37 GMT'])(
    'that says Retry-After: %s is waited for by our own waits, and says so [case 21]',
    (header) => {
      const detail = 'HTTP 429 (its Retry-After is no time to come, and ignored): slow down'
      expect(outcomeOfAnswer(429, 'slow down', header)).toEqual({ result: 'retry', detail })
    },
  )

  it('of 410 says who has switched it off', () => {
    expect(outcomeOfAnswer(410, '', undefined)).toEqual({ result: 'broken', detail: 'HTTP 410 (disabled by its receiver)' })
    expect(outcomeOfAnswer(410, 'gone', undefined)).toEqual({ result: 'broken', detail: 'HTTP 410 (disabled by its receiver): gone' })
  })

  it('is read to 16 KiB, and what broke off counts [case 18]', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.from('é'.repeat(1_000))
    }
    expect(Buffer.byteLength(await beginningOf(endless()))).toBe(16 * 1024)
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('so far')
      throw failed('ECONNRESET')
    }
    expect(await beginningOf(broken())).toBe('so far')
    async function* halved(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`x${'é'.repeat(10_000)}`)
    }
    expect(await beginningOf(halved())).toMatch(/^xé+$/)
  })
})

describe('an exchange without an answer', () => {
  it.each([
    ['ECONNREFUSED', 'retry'],
    ['EAI_AGAIN', 'retry'],
    ['UND_ERR_CONNECT_TIMEOUT', 'retry'],
    ['ENOTFOUND', 'broken'],
    ['CERT_HAS_EXPIRED', 'broken'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'broken'],
    ['ECONNRESET', 'ambiguous'],
    ['UND_ERR_SOCKET', 'ambiguous'],
  ])('by %s is %s, and names no address', (code, result) => {
    for (const error of [failed(code), new Error('outer', { cause: failed(code) }), new AggregateError([failed(code)])]) {
      const outcome = outcomeOfError(error, false)
      expect(outcome).toMatchObject({ result, detail: expect.stringContaining(code) })
      expect(outcome.detail).not.toContain('secret')
    }
  })

  it('at the deadline is ambiguous', () => {
    expect(outcomeOfError(new DOMException('late', 'TimeoutError'), true)).toEqual({ result: 'ambiguous', detail: 'no answer in time' })
  })
})

it('https is safe, http to this very host alone', () => {
  const safe = ['https://a.example/', 'http://localhost:1/', 'http://[::1]/', 'http://127.1/', 'http://2130706433/']
  const unsafe = [
    'http://a.example/',
    'http://127.0.0.1.evil.example/',
    'http://localhost.evil.example/',
    'ftp://localhost/',
    'http://128.0.0.1/',
  ]
  expect([...safe, ...unsafe].filter((url) => isSafeTarget(new URL(url)))).toEqual(safe)
  expect(['https://u@a.example', 'https://:p@a.example', 'https://a.example/@'].map((url) => hasCredentials(new URL(url)))).toEqual([
    true,
    true,
    false,
  ])
})
