import { RuleTester } from '@cws/core/testing'
import { describe, expect, it } from 'vitest'
import defaults from '../src/index.ts'

describe('default rules', () => {
  new RuleTester().run(defaults, it)

  it.each(defaults.rules)('$id says what it means, what to do and which technique it is', (rule) => {
    expect(rule.message).toMatch(/\{\{(?:author|@(?:exec|change|open|exit)\.)/)
    expect(rule.advice).toBeTruthy()
    expect(rule.tags?.some((tag) => /^mitre:T\d{4}(\.\d{3})?$/.test(tag))).toBe(true)
    expect(rule.tests?.fires?.length ?? 0).toBeGreaterThan(0)
    expect(rule.tests?.silent?.length ?? 0).toBeGreaterThan(1)
  })

  it('have each something that fires it for real, and nothing else has', () => {
    expect(Object.keys(defaults.triggers ?? {}).sort()).toEqual(defaults.rules.map(({ id }) => id).sort())
  })
})
