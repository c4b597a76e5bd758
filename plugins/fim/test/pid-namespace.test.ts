import { expect, it } from 'vitest'
import { namespaceProblem } from '../src/pid-namespace.ts'

it('an agent in a pid namespace of its own says that it can name nobody, and what to do', () => {
  expect(namespaceProblem('fanotify', false)).toContain('--pid host')
  expect(namespaceProblem('fanotify-filesystem', false)).toContain('hostPID: true')
})

it('elsewhere, or where nobody is named in any namespace, it says nothing', () => {
  expect(namespaceProblem('fanotify', true)).toBeUndefined()
  expect(namespaceProblem('inotify', false)).toBeUndefined()
})
