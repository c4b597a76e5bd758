import { expect, test } from 'vitest'
import { ownerOf } from '../src/agent/strays.ts'
import type { AnyInstance } from '../src/plugin/instance.ts'

const instance = (name: string, module: string, folder: string) =>
  ({ name, site: { module, ordinal: 0 }, package: { name, version: '1.0.0', core: undefined, folder } }) as unknown as AnyInstance

const instances = [
  instance('usb', 'file:///srv/app/node_modules/cws-plugin-usb/dist/index.js', '/srv/app/node_modules/cws-plugin-usb'),
  instance('own', 'file:///srv/my%20app/cws.config.ts?cws=3', '/srv/my app'),
]

const thrownAt = (...frames: string[]) =>
  Object.assign(new Error('x'), { stack: ['Error: x', ...frames.map((frame) => `    at ${frame}`)].join('\n') })

test.each([
  ['a module', thrownAt('Timeout._onTimeout (file:///srv/app/node_modules/cws-plugin-usb/dist/index.js:4:9)'), 'usb'],
  ['another file of a package', thrownAt('poll (file:///srv/app/node_modules/cws-plugin-usb/dist/poll.js:4:9)'), 'usb'],
  ['a CommonJS file of a package', thrownAt('poll (/srv/app/node_modules/cws-plugin-usb/lib/x.cjs:1:2)'), 'usb'],
  ['a configuration, its URL marked and encoded', thrownAt('f (node:fs:1:1)', 'file:///srv/my%20app/cws.config.ts?cws=3:5:30'), 'own'],
  ['the module before the package', thrownAt('f (/srv/app/node_modules/cws-plugin-usb/a.js:1:1)', '/srv/my app/cws.config.ts:1:1'), 'own'],
  ['a neighbour whose name begins alike', thrownAt('f (/srv/app/node_modules/cws-plugin-usb2/a.js:1:1)'), undefined],
  ['nobody', thrownAt('processTicksAndRejections (node:internal/process/task_queues:105:5)'), undefined],
  ['no error', 'a text', undefined],
  ['an error without a stack', Object.assign(new Error('x'), { stack: undefined }), undefined],
])('%s', (_, error, owner) => expect(ownerOf(error, instances)).toBe(owner))
