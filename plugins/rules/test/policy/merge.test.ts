import { describe, expect, it } from 'vitest'
import { loadText, loadTexts, states, statusOf } from './sandbox.ts'

const rule = (id: string, more = '') => `rules:\n  - {id: ${id}, expression: 'exec.comm == "first"'${more}}\n`
const off = (id: string) => `rules:\n  - {id: ${id}, disabled: true}\n`

describe('the same rule again', () => {
  it('is turned off by a custom policy if it is of the default one (203, 204)', async () => {
    expect(states(await loadTexts({ 'custom.policy': off('r'), 'default.policy': rule('r') }))).toEqual({ r: 'disabled' })
    const custom = await loadTexts({ 'a.policy': rule('r'), 'b.policy': off('r') })
    expect(states(custom)).toEqual({ r: 'loaded' })
    expect(statusOf(custom, 'r').warnings[0]?.message).toMatch(/b\.policy: only a rule of the default policy/)
  })

  it('is turned on by a later policy, with the expression of the first (205)', async () => {
    const loaded = await loadTexts({
      'a.policy': rule('r', ', disabled: true'),
      'b.policy': `rules:\n  - {id: r, expression: 'exec.comm == "second"'}\n`,
    })
    expect(states(loaded)).toEqual({ r: 'loaded' })
    expect(loaded.policyRules[0]?.condition).toMatchObject({ any: [{ text: 'first' }] })
  })

  it('is left aside without `combine`, and that is told', async () => {
    const loaded = await loadTexts({ 'a.policy': rule('r'), 'b.policy': rule('r', ', severity: high') })
    expect(loaded.policyRules.map(({ finding }) => finding.severity)).toEqual(['medium'])
    expect(statusOf(loaded, 'r').warnings[0]?.message).toMatch(/stands in a\.policy:2 already/)
  })

  it('changes what it says it does, never the expression (206)', async () => {
    const later = (fields: string, more: string) =>
      `rules:\n  - {id: r, combine: override, override_options: {fields: [${fields}]}, expression: 'exec.comm == "later"', ${more}}\n`
    const load = async (fields: string, more: string, base = 'a.policy') => {
      const loaded = await loadTexts({
        [base]: rule('r', ', every: 5s, tags: {a: b, c: d}, product_tags: [x]'),
        'b.policy': later(fields, more),
      })
      const [run] = loaded.policyRules
      return {
        every: run?.limit.everyMs,
        tags: run?.finding.tags,
        actions: run?.actions.length,
        condition: run?.condition,
        silent: run?.silent,
      }
    }
    const base = { every: 5000, tags: ['a:b', 'c:d', 'x'], actions: 0, silent: false, condition: { any: [{ text: 'first' }] } }
    const more = 'every: 1m, silent: true, tags: {c: z, e: f}, product_tags: [y], actions: [{log: {level: info}}]'
    expect(await load('every', more)).toMatchObject({ ...base, every: 60_000 })
    expect(await load('tags', more)).toMatchObject({ ...base, tags: ['a:b', 'c:z', 'e:f', 'x'] })
    expect(await load('product_tags', more)).toMatchObject({ ...base, tags: ['a:b', 'c:d', 'y'] })
    expect(await load('actions', more)).toMatchObject({ ...base, actions: 1 })
    expect(await load('expression', more)).toMatchObject(base)
    expect(await load('all', more)).toMatchObject(base)
    expect(await load('all', more, 'default.policy')).toMatchObject({
      every: 60_000,
      tags: ['c:z', 'e:f', 'y'],
      actions: 1,
      silent: true,
      condition: base.condition,
    })
  })

  it('of another kind of file is refused: `tune` is for that', async () => {
    const loaded = await loadTexts({
      'a.mjs': `export default {id: 'r', name: 'R', severity: 'low', on: 'exec', message: 'm'}`,
      'b.policy': rule('r'),
    })
    expect(loaded.report.rules.map(({ origin, state }) => `${origin} ${state}`)).toEqual(['a.mjs loaded', 'b.policy rejected'])
  })
})

describe('macros', () => {
  const use = (macros: string, expression: string, more: Record<string, string> = {}) =>
    loadTexts({ 'a.policy': `macros:\n${macros}\nrules:\n  - {id: r, expression: '${expression}'}\n`, ...more })
  const texts = (loaded: Awaited<ReturnType<typeof use>>) =>
    (loaded.policyRules[0]?.condition as { any?: { text: string }[] } | undefined)?.any?.map(({ text }) => text)

  it('are lists, expressions and values, and use each other (172–175)', async () => {
    expect(texts(await use('  - {id: SHELLS, expression: \'["bash", ~"cu*"]\'}', 'exec.comm in SHELLS'))).toEqual(['bash', 'cu*'])
    expect((await use('  - {id: M, values: ["cu*"]}', 'exec.comm in M')).policyRules[0]?.condition).toMatchObject({
      any: [{ kind: 'exact', text: 'cu*' }],
    })
    const nested = await use(
      '  - {id: OUTER, expression: \'INNER && exec.comm == "a"\'}\n  - {id: INNER, expression: process.uid == 0}',
      'OUTER',
    )
    expect(states(nested)).toEqual({ r: 'loaded' })
  })

  it('are merged and overridden (207)', async () => {
    const again = (more: string) => ({ 'b.policy': `macros:\n  - {id: M, ${more}}\n` })
    const load = (more: string) => use('  - {id: M, values: [a]}', 'exec.comm in M', again(more))
    expect(texts(await load('combine: merge, values: [b, a]'))).toEqual(['a', 'b'])
    expect(texts(await load('combine: override, values: [b]'))).toEqual(['b'])
    expect(texts(await load('values: [b]'))).toEqual(['a'])
    const wrong = await load('combine: merge, expression: \'["b"]\'')
    expect(states(wrong)).toEqual({ r: 'rejected' })
    expect(wrong.report.policies.flatMap(({ errors }) => errors.map(({ message }) => message))).toEqual([
      expect.stringMatching(/macro "M" cannot be changed/),
    ])
  })

  it('that are wrong lose themselves and what uses them', async () => {
    const loaded = await loadText(`
macros:
  - {id: two, expression: 'true', values: [a]}
  - {id: none}
  - {id: fim, expression: fim.write.file.path == "/x"}
  - {id: broken, expression: 'exec.comm =='}
  - {id: round, expression: about}
  - {id: about, expression: round}
  - {id: left, expression: exec.comm == "a", filters: ['os == "windows"']}
  - {id: good, expression: exec.comm == "a"}
  - {id: O_CREAT, values: [a]}
rules:
  - {id: uses_two, expression: two && exec.comm == "a"}
  - {id: uses_left, expression: left}
  - {id: uses_good, expression: good}
`)
    expect(states(loaded)).toEqual({ uses_two: 'rejected', uses_left: 'rejected', uses_good: 'loaded' })
    expect(loaded.report.policies[0]?.state).toBe('partially_loaded')
    const told = loaded.report.policies[0]?.errors.map(({ line, message }) => `${line} ${message}`)
    expect(told).toEqual([
      expect.stringMatching(/^3 macro "two": .*needs one of/),
      expect.stringMatching(/^4 macro "none": .*needs one of/),
      expect.stringMatching(/^5 macro "fim": .*not for macros/),
      expect.stringMatching(/^6 macro "broken": /),
      expect.stringMatching(/^11 macro "O_CREAT": a constant has this name/),
      expect.stringMatching(/^7 macro "round": it uses itself: round → about → round/),
      expect.stringMatching(/^8 macro "about": it uses itself/),
    ])
  })

  it('do not unfold without end', async () => {
    const macros = [`  - {id: m0, expression: '(exec.comm == "a" || exec.comm == "b")'}`]
    for (let i = 1; i < 40; i++) macros.push(`  - {id: m${i}, expression: 'm${i - 1} && m${i - 1}'}`)
    const loaded = await use(macros.join('\n'), 'm39')
    expect(states(loaded)).toEqual({ r: 'rejected' })
  })
})

describe('filters', () => {
  it('leave rules out, OR-ed, by host and version of the language (208, 209)', async () => {
    const loaded = await loadText(`
rules:
  - {id: twice, expression: exec.comm == "a", filters: ['os == "linux"']}
  - {id: twice, expression: exec.comm == "b", filters: ['os == "windows"']}
  - {id: either, expression: exec.comm == "a", filters: ['os == "windows"', kernel.version.major >= 5]}
  - {id: neither, expression: exec.comm == "a", filters: [kernel.version.major < 5, 'distribution.id == "debian"']}
  - {id: old, expression: exec.comm == "a", agent_version: '< 7.68'}
  - {id: fits, expression: exec.comm == "a", agent_version: '>= 7.68, < 7.99 || < 1'}
  - {id: no_version, expression: exec.comm == "a", agent_version: 'soon'}
  - {id: no_filter, expression: exec.comm == "a", filters: ['os == "linux"', 'kernel.version.mayor == 5']}
`)
    expect(loaded.report.rules.map(({ id, state, filter, errors }) => [id, state, filter ?? errors[0]?.class])).toEqual([
      ['twice', 'loaded', undefined],
      ['twice', 'filtered', 'filters: os == "windows"'],
      ['either', 'loaded', undefined],
      ['neither', 'filtered', 'filters: kernel.version.major < 5 | distribution.id == "debian"'],
      ['old', 'filtered', 'agent_version: < 7.68 (this is 7.71.0)'],
      ['fits', 'loaded', undefined],
      ['no_version', 'rejected', 'agent_version_error'],
      ['no_filter', 'rejected', 'agent_filter_error'],
    ])
    expect(statusOf(loaded, 'no_filter').errors).toMatchObject([{ line: 10, column: 79 }])
    expect(statusOf(loaded, 'no_filter').errors[0]?.message).toMatch(/did you mean "kernel\.version\.major"/)
  })

  it('make the state of a policy', async () => {
    const filtered = `{id: f, expression: exec.comm == "a", filters: ['os == "windows"']}`
    const good = '{id: g, expression: exec.comm == "a"}'
    const bad = '{id: b, expression: exec.comm ==}'
    const state = async (...rules: string[]) => (await loadText(`rules: [${rules.join(', ')}]`)).report.policies[0]?.state
    expect(await state(good)).toBe('loaded')
    expect(await state(good, filtered)).toBe('partially_filtered')
    expect(await state(filtered)).toBe('fully_filtered')
    expect(await state(good, bad)).toBe('partially_loaded')
    expect(await state(bad)).toBe('fully_rejected')
  })
})

describe('classes of errors', () => {
  it('are those of SECL (176–179, 183, 210)', async () => {
    const loaded = await loadText(`
rules:
  - {id: syntax, expression: exec.comm == "a" &&}
  - {id: type, expression: exec.comm == 5}
  - {id: no_event, expression: process.uid == 0}
  - {id: two_events, expression: exec.comm == "a" && open.file.name == "b"}
  - {id: bare, expression: exec && process.uid == 0}
  - {id: fim_and_open, expression: fim.write.file.name == "x" && open.flags > 0}
  - {id: elsewhere, expression: exec.comm == "a" && network.size > 0}
  - {id: nowhere, expression: exec.comm == "a" && exec.flags > 0}
  - {id: good, expression: exec.comm == "a"}
`)
    expect(Object.fromEntries(loaded.report.rules.map(({ id, errors }) => [id, errors[0]?.class]))).toEqual({
      syntax: 'syntax_error',
      type: 'error',
      no_event: 'error',
      two_events: 'error',
      bare: 'error',
      fim_and_open: 'error',
      elsewhere: 'syntax_error',
      nowhere: 'error',
      good: undefined,
    })
    expect(statusOf(loaded, 'elsewhere').errors[0]?.message).toMatch(/events that have it: dns, imds\b/)
  })
})
