import { compileCondition, conditionOf, type EventDefinition, standardEvents } from '@cws/core'
import { describe, expect, it } from 'vitest'
import defaults, { watched } from '../src/index.ts'

const change = standardEvents.find((event) => event.type === 'change') as EventDefinition
const isWatched = compileCondition(conditionOf({ 'change.path': watched } as never, change))
const rules = defaults.rules.filter((rule) => rule.on === 'change')

describe('what a sensor of changes has to watch', () => {
  it.each(rules)('$id finds its files there', (rule) => {
    // A rename is told if one of its names is watched. `/lib` is a link to `/usr/lib` wherever systemd runs.
    const namesOf = (one: object) => ['change.path', 'change.file.path'].flatMap((field) => (one as Record<string, string>)[field] ?? [])
    const cases = (rule.tests?.fires ?? []).map(namesOf).filter((names) => names.length > 0 && !names[0]?.startsWith('/lib'))
    const unwatched = cases.filter((names) => !names.some((name) => isWatched({ get: () => name }) === true))
    expect(unwatched).toEqual([])
  })

  it('has each once, and nothing that would take a whole tree of the system', () => {
    expect(watched.filter((path, i) => watched.indexOf(path) !== i)).toEqual([])
    expect(watched.filter((path) => path.endsWith('/**') && !path.includes('ca-'))).toEqual([])
  })
})
