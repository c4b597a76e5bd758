import { randomBytes } from 'node:crypto'
import { expect, it, vi } from 'vitest'
import { tokenOf } from '../../src/messages/language/run.ts'
import { compileTemplate } from '../../src/messages/template.ts'
import { signalScope } from '../../src/signals/scope.ts'
import { opened, shellSignal } from '../fixtures/shell-signal.ts'

vi.mock('node:crypto', async (original) => ({
  ...(await original<object>()),
  randomBytes: vi.fn((size: number) => Buffer.alloc(size, 0xab)),
}))

it('a value that is a token of this very message is text, and is put in once [case 43]', () => {
  const template = compileTemplate(
    'a {{@process.args}} `{{@process.args}}` [x](https://wiki.example/?q={{@process.args}}) {{host.name}}',
    signalScope(),
  )
  expect(randomBytes).toHaveBeenCalledExactlyOnceWith(4)
  // Those of the values themselves, of another one, and of none.
  const args = [0, 1, 2, 3, 7].map((index) => tokenOf('abababab', index)).join(' ')
  const signal = { ...shellSignal, event: { ...shellSignal.event, process: { args } } }
  expect(template.render(signal, opened)).toEqual([
    {
      type: 'paragraph',
      children: [
        { type: 'text', text: 'a ', value: false },
        { type: 'text', text: args, value: true },
        { type: 'text', text: ' ', value: false },
        { type: 'code', children: [{ type: 'text', text: args, value: true }] },
        { type: 'text', text: ' ', value: false },
        {
          type: 'link',
          url: `https://wiki.example/?q=${encodeURIComponent(args)}`,
          children: [{ type: 'text', text: 'x', value: false }],
        },
        { type: 'text', text: ' ', value: false },
        { type: 'text', text: 'web-1', value: true },
      ],
    },
  ])
})
