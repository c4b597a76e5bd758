import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { checkOptions } from '../src/plugin/validate.ts'

const flawsOf = async (schema: z.ZodType, options: unknown) => {
  const checked = await checkOptions(schema, options)
  return checked.ok ? [] : checked.flaws.map(({ path, of, message }) => [path.join('.'), of, message])
}

describe('options', () => {
  const tune = z.object({ tune: z.record(z.string(), z.union([z.literal('off'), z.strictObject({ severity: z.string().optional() })])) })

  it('are refused where only a member of a union has not the key', async () => {
    expect(await flawsOf(tune, { tune: { shell: { sevrity: 'low' } } })).toEqual([
      ['tune.shell.sevrity', 'key', 'unknown option "sevrity"'],
    ])
    expect(await flawsOf(tune, { tune: { shell: { severity: 'low' }, root: 'off' } })).toEqual([])
  })

  it('have each unknown key told once, with the nearest known one', async () => {
    expect(await flawsOf(z.strictObject({ limit: z.int().default(1) }), { limti: 3 })).toEqual([
      ['limti', 'key', 'unknown option "limti"; did you mean "limit"?'],
    ])
  })
})
