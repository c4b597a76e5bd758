import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { flagsOf, optionsOf } from '../../src/model/arguments.ts'
import { EventRegistry } from '../../src/model/registry.ts'
import { UNKNOWN } from '../../src/model/unknown.ts'
import { Engine } from '../../src/pipeline/engine.ts'
import { RuleTester } from '../../src/testing/rule-tester.ts'

const TABLE: readonly (readonly [argv: readonly string[], flags: readonly string[], options: readonly string[]])[] = [
  [['-l'], ['l'], []],
  [['-ln'], ['l', 'n', 'ln'], []],
  [['--version'], ['version'], []],
  [['-T', '8'], ['T'], ['T=8']],
  [['--width=8'], [], ['width=8']],
  [['--width', '8'], ['width'], ['width=8']],
  [['-T8'], ['T', '8', 'T8'], []],
  [['-x=1'], [], ['x=1']],
  [['-a', '-b', 'v'], ['a', 'b'], ['b=v']],
  [['-abc', 'v'], ['a', 'b', 'c', 'abc'], ['abc=v']],
  [['--max-time', '5'], ['max-time'], ['max-time=5']],
  [['-no-pie'], ['no-pie'], []],
  [['-', '--'], [], []],
  [['---x'], ['-x'], []],
  [['-s', ''], ['s'], ['s=']],
  [['--a', '--b'], ['a', 'b'], []],
  [['-o', '-5'], ['o', '5'], []],
  [['v', '-k'], ['k'], []],
  [[], [], []],
]

describe('flags and options among arguments', () => {
  it.each(TABLE)('%j', (argv, flags, options) => {
    expect(flagsOf(argv)).toEqual(flags)
    expect(optionsOf(argv)).toEqual(options)
  })

  it('are no more than the arguments can hold, each once', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('-', '=', 'a', 'Z', '7', 'é', ' ') })), (argv) => {
        const flags = flagsOf(argv)
        expect(new Set(flags).size).toBe(flags.length)
        for (const option of optionsOf(argv)) expect(option).toMatch(/^[A-Za-z0-9].*=/s)
      }),
    )
    expect(flagsOf([`-${'a'.repeat(200_000)}`])).toHaveLength(2)
  })
})

describe('fields that follow from others', () => {
  const registry = new EventRegistry()
  const engine = () =>
    new Engine(
      registry,
      () => {},
      () => {},
    )
  const kept = (type: string, values: Readonly<Record<string, unknown>>) =>
    engine().keptEvent(registry.get(type), new Map(Object.entries(values)))

  it('are read from kept events, and are UNKNOWN where the others are', () => {
    const event = kept('exec', { 'exec.argv': ['-la', '--color', 'auto'], 'exec.file.path': '/usr/bin/é', 'exec.file.name': 'é' })
    expect(event.get('exec.args_flags')).toEqual(['l', 'a', 'la', 'color'])
    expect(event.get('exec.args_options')).toEqual(['color=auto'])
    expect(event.get('exec.file.path.length')).toBe(11)
    expect(event.get('exec.file.name.length')).toBe(2)
    expect(event.get('process.args_flags')).toBe(UNKNOWN)
    expect(event.get('exec.interpreter.file.path.length')).toBe(UNKNOWN)
  })

  it('have one element an ancestor', () => {
    const event = kept('exec', {
      'process.ancestors.argv': [['-c', 'id'], [], UNKNOWN],
      'process.ancestors.file.path': ['/bin/sh', '', UNKNOWN],
    })
    expect(event.get('process.ancestors.args_flags')).toEqual([['c'], [], UNKNOWN])
    expect(event.get('process.ancestors.args_options')).toEqual([['c=id'], [], UNKNOWN])
    expect(event.get('process.ancestors.file.path.length')).toEqual([7, 0, UNKNOWN])
  })

  it('say of an exit what process says', () => {
    const event = kept('exit', { 'process.comm': 'sh', 'process.argv': ['-x'], 'exit.code': 3 })
    expect(event.get('exit.comm')).toBe('sh')
    expect(event.get('exit.args_flags')).toEqual(['x'])
    expect(event.get('exit.code')).toBe(3)
    expect(event.get('exit.uid')).toBe(UNKNOWN)
  })

  it('yield to what is said of them, and JSON has none of them', () => {
    const event = kept('exec', { 'exec.argv': ['-a'], 'exec.args_flags': ['told'] })
    expect(event.get('exec.args_flags')).toEqual(['told'])
    expect(event.toJSON()).toEqual({ exec: { argv: ['-a'] } })
    expect(kept('exit', { 'process.comm': 'sh', 'exit.code': 0 }).toJSON()).toEqual({ process: { comm: 'sh' }, exit: { code: 0 } })
  })

  it('are read of live events from a batch, and are not kept', () => {
    const live = engine()
    let read = 0
    const seen: unknown[] = []
    const feed = live.batchFeed(registry.get('exec'), {
      'exec.argv': () => {
        read++
        return ['-x', '1']
      },
    })
    live.hooks
      .facadeFor('test')
      .detect.for('exec')
      .tap((event) => {
        seen.push(event.exec.args_flags, event.exec.args_options, event.keep().toJSON(), event.keep().exec.args_options)
      })
    feed.emit(0)
    expect(seen).toEqual([['x'], ['x=1'], expect.objectContaining({ exec: { argv: ['-x', '1'] } }), ['x=1']])
    expect(read).toBe(1)
  })

  it('are known to the tests of rules that say the arguments alone', () => {
    const rule = {
      id: 'silent-download',
      name: 'A silent download',
      message: 'Something was downloaded in silence.',
      severity: 'low',
      on: 'exec',
      where: { 'exec.args_flags': ['s'], 'exec.args_options': 'max-time=5' },
      tests: { fires: [{ 'exec.argv': ['-sSL', '--max-time', '5'] }], silent: [{ 'exec.argv': ['-S', '--max-time', '5'] }] },
    } as const
    expect(new RuleTester().problems(rule as never)).toEqual([])
  })

  it('repeat what is repeated as a list of objects', () => {
    const event = kept('network_flow_monitor', {
      'network_flow_monitor.flows.length': 2,
      'network_flow_monitor.flows.source.ip': ['10.0.0.1', '10.0.0.2'],
      'network_flow_monitor.flows.ingress.data_size': [1n, UNKNOWN],
      'network_flow_monitor.device.ifname': 'eth0',
    })
    expect(event.toJSON()).toEqual({
      network_flow_monitor: {
        device: { ifname: 'eth0' },
        flows: [{ source: { ip: '10.0.0.1' }, ingress: { data_size: 1 } }, { source: { ip: '10.0.0.2' } }],
      },
    })
  })
})
