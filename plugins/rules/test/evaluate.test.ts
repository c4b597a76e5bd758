import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerLine } from '../src/evaluate/answer.ts'
import { type Line, linesOf } from '../src/evaluate/lines.ts'
import { standardModel } from '../src/evaluate/standard-model.ts'

const ask = (question: unknown) => answerLine(typeof question === 'string' ? question : JSON.stringify(question), standardModel)
const wrong = (message: RegExp, line = 1, column = 1) => ({ error: { line, column, message: expect.stringMatching(message) } })

test('fields that are not given, or null, are UNKNOWN', () => {
  expect(ask({ expr: 'exec.file.name == "sh"', fields: { 'exec.file.name': 'sh' } })).toEqual({ result: true })
  expect(ask({ expr: 'exec.file.name == "sh"', fields: { 'exec.file.name': null } })).toEqual({ result: null })
  expect(ask({ expr: 'exec.file.name == "sh" && process.uid == 0', fields: { 'process.uid': 5 } })).toEqual({ result: false })
  expect(ask({ expr: 'exec.file.name == "sh"' })).toEqual({ result: null })
  expect(ask({ expr: 'process.ancestors.file.name == "sh"', fields: { 'process.ancestors.file.name': ['a', null] } })).toEqual({
    result: null,
  })
})

test('numbers of 64 bits come as text or as they are', () => {
  const expr = 'exec.file.inode == 9007199254740993'
  expect(ask(`{"expr": "${expr}", "fields": {"exec.file.inode": 9007199254740993}}`)).toEqual({ result: true })
  expect(ask(`{"expr": "${expr}", "fields": {"exec.file.inode": 9007199254740992}}`)).toEqual({ result: false })
  expect(ask({ expr, fields: { 'exec.file.inode': '9007199254740993' } })).toEqual({ result: true })
  expect(ask({ expr, fields: { 'exec.file.inode': '18446744073709551616' } })).toEqual(wrong(/whole number of 64 bits/))
})

test.each([
  [{ expr: 'exec.file.name == "sh"', fields: { 'exec.file.nam': 'sh' } }, /no field "exec.file.nam"; did you mean "exec.file.name"/],
  [{ expr: 'exec.file.name == "sh"', fields: { 'exec.file.name': 7 } }, /exec.file.name is a text, not 7/],
  [{ expr: 'process.uid == 0', fields: { 'process.uid': 1.5 } }, /process.uid is a whole number, not 1.5/],
  [{ expr: 'process.uid == 0', fields: { 'process.uid': '0x1' } }, /process.uid is a whole number, not "0x1"/],
  [{ expr: 'process.ancestors.uid == 0', fields: { 'process.ancestors.uid': 5 } }, /a list, each a whole number, not 5/],
  [{ expr: 'true', type: 'exce' }, /unknown event type "exce"; did you mean "exec"/],
  [{ expr: 'true', typ: 'exec' }, /"typ"/],
  [{}, /expr: /],
  ['{"expr": "true"', /no JSON/],
  ['[]', /expected object/],
  [`${'['.repeat(200_000)}`, /./],
])('what is wrong with %j is said', (question, message) => {
  expect(ask(question)).toEqual(wrong(message))
})

test('errors have a place in the expression', () => {
  expect(ask({ expr: 'process.uid == 0 &&\n process.uid == "x"' })).toEqual(wrong(/number/, 2, 17))
  expect(ask({ expr: 'exec.file.name == "a" ||\n open.file.name == "b"' })).toEqual(wrong(/two event types, exec and open/, 2, 2))
})

test('the event type is that of the fields in the expression, else of those that are given', () => {
  expect(ask({ expr: 'open.file.name == "exec.file.name" # exec.file.name', fields: { 'open.file.name': 'x' } })).toEqual({ result: false })
  expect(ask({ expr: 'process.uid == 0', fields: { 'open.file.name': 'x', 'process.uid': 0 } })).toEqual({ result: true })
  expect(ask({ expr: 'process.uid == 0', fields: { 'process.uid': 0 } })).toEqual({ result: true })
})

test('whatever a line holds, there is one answer to it', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.json(),
    fc
      .array(
        fc.constantFrom(
          'exec.file.name',
          'process.ancestors',
          '[A]',
          '==',
          'in',
          '(',
          '[',
          '"',
          '~"',
          '!',
          '&&',
          '-',
          '5s',
          '\\',
          '\r',
          '${',
          '}',
          '😀',
        ),
      )
      .map((words) => JSON.stringify({ expr: words.join(' ') })),
  )
  fc.assert(
    fc.property(hostile, (line) => {
      const answer = answerLine(line, standardModel)
      if ('result' in answer) expect([true, false, null]).toContain(answer.result)
      else expect(answer.error).toMatchObject({ line: expect.any(Number), column: expect.any(Number), message: expect.stringMatching(/./) })
    }),
    { numRuns: 500 },
  )
})

async function read(chunks: readonly (string | Uint8Array)[], limit?: number): Promise<Line[]> {
  async function* stream() {
    yield* chunks
  }
  const lines: Line[] = []
  for await (const line of linesOf(stream(), limit)) lines.push(line)
  return lines
}

test('lines come whole, however their bytes do; the last needs no end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.stringMatching(/^[^\n\r\ufffd]*$/u)), fc.integer({ min: 1, max: 7 }), async (lines, size) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
      expect(await read(chunks)).toEqual(lines.map((line) => ({ text: Buffer.from(line).toString() })))
    }),
    { numRuns: 100 },
  )
  expect(await read(['a\nb'])).toEqual([{ text: 'a' }, { text: 'b' }])
})

test('of a line that is too long only its length is kept, and the next is read', async () => {
  expect(await read(['12345', '67890', '12\nok\n'], 8)).toEqual([{ tooLong: 12 }, { text: 'ok' }])
})
