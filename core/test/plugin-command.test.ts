import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Distribution, program } from '../src/cli/main.ts'
import { mountCommand, type PluginCommands } from '../src/cli/plugin-command.ts'
import { definePlugin } from '../src/plugin/define.ts'

const ran: string[] = []
const loaded: string[] = []
const commandsOf = (name: string): PluginCommands => ({
  [name]: {
    summary: `what ${name} does`,
    load: async () => {
      loaded.push(name)
      return { register: (command) => void command.argument('<word>').action((word: string) => void ran.push(`${name} ${word}`)) }
    },
  },
})
const usb = definePlugin(import.meta, { name: 'usb', commands: commandsOf('usb'), setup: () => {} })
const preset = vi.fn(async () => ({ plugins: [usb()] }))
const distribution: Distribution = {
  version: '1',
  installation: import.meta.url,
  preset,
  starter: '',
  commands: commandsOf('rules'),
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-command-'))
  vi.stubEnv('CWS_CONFIG', undefined)
  vi.stubEnv('XDG_CONFIG_HOME', folder)
  vi.spyOn(process, 'cwd').mockReturnValue(folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
  ran.length = 0
  loaded.length = 0
  preset.mockClear()
})

async function run(...args: string[]) {
  const cws = program(distribution).configureOutput({ writeOut: () => {}, writeErr: () => {} })
  await mountCommand(cws, distribution, args)
  await cws.parseAsync(['node', 'cws', ...args])
}

test('help names the commands of the distribution and loads none, nor a configuration', async () => {
  expect(program(distribution).helpInformation()).toMatch(/\n {2}rules +what rules does\n/)
  await expect(run('--help')).rejects.toMatchObject({ exitCode: 0 })
  expect([loaded, preset.mock.calls.length]).toEqual([[], 0])
})

test('a command of the distribution is loaded when it is used', async () => {
  await run('rules', 'this')
  expect([ran, loaded, preset.mock.calls.length]).toEqual([['rules this'], ['rules'], 0])
})

test('a command that a plugin of the configuration brings is found', async () => {
  await run('usb', 'that')
  expect([ran, loaded]).toEqual([['usb that'], ['usb']])
})

test('what was mistyped evaluates no configuration', async () => {
  await expect(run('rlues')).rejects.toMatchObject({ code: 'commander.unknownCommand' })
  expect(preset).not.toHaveBeenCalled()
})

test('where the configuration does not load there is no such command', async () => {
  const file = join(folder, 'cws.config.json')
  writeFileSync(file, '{ "plugins": 7 }', { mode: 0o600 })
  vi.stubEnv('CWS_CONFIG', file)
  await expect(run('usb', 'that')).rejects.toMatchObject({ code: 'commander.unknownCommand' })
})
