import { existsSync, readFileSync } from 'node:fs'
import { constants as os } from 'node:os'
import { describe, expect, it } from 'vitest'
import { PTRACE_REQUESTS } from '../../src/model/constants/process.ts'
import { constantFamilies, constants } from '../../src/model/constants.ts'

/** `#define NAME VALUE` of a header whose values are plain numbers. */
function defined(header: string): ReadonlyMap<string, number> {
  const found = [...readFileSync(header, 'utf8').matchAll(/^#\s*define\s+(\w+)\s+(0x[0-9a-fA-F]+|\d+)\b/gm)]
  return new Map(
    found.map(([, name, value]) => [name as string, /^0\d/.test(value as string) ? Number.parseInt(value as string, 8) : Number(value)]),
  )
}

/** Of an enumeration in a header, in order, without numbers of its own. */
function enumerated(header: string, name: string): readonly string[] {
  const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(readFileSync(header, 'utf8'))?.[1] ?? ''
  return [...body.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/^\s*(\w+),/gm)].map((match) => match[1] as string)
}

describe('the constants of expressions', () => {
  it('have names that an expression can write, numbers that are numbers, and one value each', () => {
    for (const family of constantFamilies)
      for (const [name, value] of Object.entries(family.constants)) {
        expect(name, family.name).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/)
        expect(typeof value === 'bigint' || Number.isSafeInteger(value), `${name} of ${family.name}`).toBe(true)
        expect(constants.get(name), `${name} of ${family.name}`).toBe(value)
      }
    expect(constants.get('true')).toBe(true)
    expect(constants.get('false')).toBe(false)
    expect(new Set(constantFamilies.map(({ name }) => name)).size).toBe(constantFamilies.length)
  })

  it('are those of this system, where Node knows them', () => {
    for (const [name, value] of Object.entries(os.errno)) expect(constants.get(name), name).toBe(-value)
    for (const [name, value] of Object.entries(os.signals)) if (constants.has(name)) expect(constants.get(name), name).toBe(value)
    expect(constants.get('SIGKILL')).toBe(9)
    expect(constants.get('EILSEQ')).toBe(-84)
  })

  it('has capabilities as masks, and no flag that means something else elsewhere', () => {
    expect(constants.get('CAP_CHOWN')).toBe(1n)
    expect(constants.get('CAP_SYS_ADMIN')).toBe(1n << 21n)
    expect(constants.get('CAP_CHECKPOINT_RESTORE')).toBe(1n << 40n)
    expect(constants.has('O_LARGEFILE')).toBe(false)
  })

  it.each([
    'O_RDONLY',
    'S_IFREG',
    'A',
    'ANY',
    'TEXT',
    'IP_PROTO_TCP',
    'ETH_P_IP',
    'INGRESS',
    'EXITED',
    'STATIC',
    'X86_64',
    'TLS_1_3',
    'CLASS_INET',
  ])('has %s', (name) => expect(constants.has(name)).toBe(true))

  const headers: readonly (readonly [header: string, names: RegExp])[] = [
    ['/usr/include/linux/prctl.h', /^PR_[SG]ET_[A-Z]+$/],
    ['/usr/include/linux/if_ether.h', /^ETH_P_[A-Z0-9]+$/],
    ['/usr/include/asm-generic/errno-base.h', /^E[A-Z0-9]+$/],
    ['/usr/include/asm-generic/resource.h', /^RLIMIT_[A-Z]+$/],
    ['/usr/include/linux/ptrace.h', /^PTRACE_[A-Z]+$/],
    ['/usr/include/linux/stat.h', /^S_I[FRWX][A-Z]+$/],
    ['/usr/include/linux/tcp.h', /^TCP_[A-Z]+$/],
    ['/usr/include/linux/in6.h', /^IPV6_(MULTICAST|RECV)_?[A-Z]+$/],
  ]
  for (const [header, names] of headers)
    it.skipIf(!existsSync(header))(`says what ${header} says`, () => {
      let compared = 0
      for (const [name, value] of defined(header)) {
        const known = names.test(name) ? constants.get(name) : undefined
        if (known === undefined) continue
        expect(Math.abs(Number(known)), name).toBe(value)
        compared++
      }
      expect(compared).toBeGreaterThan(3)
    })

  const bpf = '/usr/include/linux/bpf.h'
  it.skipIf(!existsSync(bpf))('numbers the enumerations of bpf.h as the kernel does', () => {
    for (const name of ['bpf_prog_type', 'bpf_attach_type']) {
      const names = enumerated(bpf, name).filter((one) => !one.startsWith('__'))
      expect(names.length).toBeGreaterThan(20)
      for (const [number, one] of names.entries()) expect(constants.get(one), one).toBe(number)
    }
  })

  it('knows the requests by which one process takes over another', () => {
    expect(PTRACE_REQUESTS).toMatchObject({ PTRACE_ATTACH: 16, PTRACE_SEIZE: 0x4206, PTRACE_POKETEXT: 4, PTRACE_SETREGS: 13 })
  })
})
