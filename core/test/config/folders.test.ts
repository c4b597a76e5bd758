import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { askedFolders, folders, prepareFolder } from '../../src/config/folders.ts'
import { sandbox } from './sandbox.ts'

const home = { HOME: '/home/ann' }

test.each([
  [
    { root: true, env: home },
    { config: '/etc/cws', state: '/var/lib/cws', run: '/run/cws' },
  ],
  [
    { root: false, env: home },
    { config: '/home/ann/.config/cws', state: '/home/ann/.local/state/cws', run: '/home/ann/.local/state/cws/run' },
  ],
  [
    { root: false, env: { ...home, XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/run/user/7' } },
    { config: '/c/cws', state: '/s/cws', run: '/run/user/7/cws' },
  ],
  [{ root: false, env: { ...home, XDG_CONFIG_HOME: 'relative' } }, { config: '/home/ann/.config/cws' }],
  [
    { root: true, env: { CWS_STATE_DIR: '/a', CWS_RUN_DIR: '/b' } },
    { state: '/a', run: '/b' },
  ],
  [
    { root: true, env: { CWS_STATE_DIR: '/a', CWS_RUN_DIR: '/b' }, stateDir: '/c', runDir: '/d' },
    { state: '/c', run: '/d' },
  ],
])('folders of %j', (options, expected) => expect(folders(options)).toMatchObject(expected))

test('a user who names no agent and never had one means that of the host, where there is one', () => {
  const own = { state: '/home/ann/.local/state/cws', run: '/home/ann/.local/state/cws/run' }
  const system = { state: '/var/lib/cws', run: '/run/cws' }
  const of = (options: object, ...there: string[]) => askedFolders({ root: false, env: home, ...options }, (path) => there.includes(path))
  expect(of({}, '/run/cws')).toMatchObject({ config: '/home/ann/.config/cws', ...system })
  expect(of({})).toMatchObject(own)
  expect(of({}, '/run/cws', own.state)).toMatchObject(own)
  expect(of({ runDir: '/d' }, '/run/cws')).toMatchObject({ state: own.state, run: '/d' })
  expect(of({ env: { ...home, CWS_RUN_DIR: '/b' } }, '/run/cws')).toMatchObject({ run: '/b' })
  expect(of({ root: true }, '/run/cws')).toMatchObject(system)
})

test('makes folders for itself alone, and narrows what is too open', () => {
  const state = `${sandbox({})}/a/state`
  prepareFolder(state, 0o700)
  expect(statSync(state).mode & 0o777).toBe(0o700)
  chmodSync(state, 0o777)
  prepareFolder(state, 0o750)
  expect(statSync(state).mode & 0o777).toBe(0o750)
})

test('refuses links and files', () => {
  const folder = sandbox({})
  mkdirSync(`${folder}/there`)
  symlinkSync('there', `${folder}/link`)
  writeFileSync(`${folder}/file`, '')
  expect(() => prepareFolder(`${folder}/link`, 0o700)).toThrow(
    expect.objectContaining({ code: 'CWS_ERR_STATE_DIR', message: expect.stringContaining('symbolic link') }),
  )
  expect(() => prepareFolder(`${folder}/file`, 0o700)).toThrow(expect.objectContaining({ code: 'CWS_ERR_STATE_DIR' }))
  expect(() => prepareFolder('/proc/nowhere/cws', 0o700)).toThrow(expect.objectContaining({ code: 'CWS_ERR_STATE_DIR' }))
})
