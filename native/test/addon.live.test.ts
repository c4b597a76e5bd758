import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  capDrop,
  clockBoottime,
  type FeatureName,
  lockFile,
  objectPath,
  openObject,
  peerCredentials,
  probeFeatures,
  tracepointParameters,
} from '../src/index.ts'

const source = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const addon = objectPath('cws_native.node')
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-native-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs an ES module's text on a Node, by default this one, without the options of this process. */
function module(code: string, node = process.execPath) {
  const file = join(folder, `m${Math.random()}.mjs`)
  writeFileSync(file, code)
  return { node, args: [file], env: { ...process.env, NODE_OPTIONS: '' } }
}

function runModule(code: string, node?: string): string {
  const { node: program, args, env } = module(code, node)
  return execFileSync(program, args, { encoding: 'utf8', env })
}

const codeOf = (action: () => unknown): { code?: string; errno?: number; log?: string } => {
  try {
    action()
  } catch (error) {
    return error as { code?: string }
  }
  throw new Error('nothing was thrown')
}

describe('the addon file', () => {
  it('needs nothing but the C library, and of that nothing newer than 2.28', () => {
    const needed = [...execFileSync('readelf', ['-d', addon], { encoding: 'utf8' }).matchAll(/NEEDED.*\[(.*)\]/g)].map((match) => match[1])
    expect(needed.filter((name) => !/^(libc\.so\.6|ld-linux-x86-64\.so\.2|libpthread\.so\.0)$/.test(name!))).toEqual([])
    const symbols = execFileSync('objdump', ['-T', addon], { encoding: 'utf8' })
    const versions = [...symbols.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map((match) => Number(match[1]) * 1000 + Number(match[2]))
    expect(versions.length).toBeGreaterThan(20)
    expect(Math.max(...versions)).toBeLessThanOrEqual(2028)
  })

  it('exports only what Node looks for', () => {
    const defined = execFileSync('nm', ['-D', '--defined-only', addon], { encoding: 'utf8' })
    expect([...defined.matchAll(/ T (\S+)/g)].map((match) => match[1])).toEqual([
      'napi_register_module_v1',
      'node_api_module_get_api_version_v1',
    ])
  })
})

describe('the probe', () => {
  it('finds what this kernel can do, with a reason for what it cannot', () => {
    const { features, release, cgroup } = probeFeatures()
    expect(release).toMatch(/^\d+\.\d+/)
    expect(['v1', 'hybrid', 'v2', 'none']).toContain(cgroup)
    expect(features.btf.ok).toBe(existsSync('/sys/kernel/btf/vmlinux'))
    for (const { ok, reason } of Object.values(features)) expect(reason === '').toBe(ok)
    expect(tracepointParameters('sched_process_exec')).toBe(features.btf.ok ? 3 : -1)
    expect(tracepointParameters('no_such_tracepoint')).toBe(-1)
  })

  it.each<[FeatureName, FeatureName[]]>([
    ['btf', ['btf', 'tpBtf', 'fentry', 'lsm']],
    ['ringBuffer', ['ringBuffer']],
  ])('pretends that there is no %s', (without, gone) => {
    const { features } = probeFeatures({ without: [without] })
    for (const name of gone) expect(features[name]).toMatchObject({ ok: false, reason: expect.stringContaining('left out') })
    expect(features.rawTracepoint).toEqual(probeFeatures().features.rawTracepoint)
  })
})

describe('a BPF object', () => {
  it('that is none, or not there, is refused with the reason', () => {
    const file = join(folder, 'no.bpf.o')
    writeFileSync(file, 'this is no ELF file')
    expect(codeOf(() => openObject(file))).toMatchObject({ code: 'CWS_BPF_OPEN', log: expect.stringContaining('ELF') })
    expect(codeOf(() => openObject('/nowhere/x.bpf.o'))).toMatchObject({ code: 'CWS_BPF_OPEN', errno: 2 })
  })

  it("that the verifier refuses brings the verifier's last words", () => {
    const file = join(folder, 'refused.bpf.o')
    execFileSync('clang', ['-O2', '-target', 'bpf', '-c', source('c/refused.bpf.c'), '-o', file])
    using object = openObject(file)
    expect(codeOf(() => object.load())).toMatchObject({ code: 'CWS_BPF_LOAD', errno: 13, log: expect.stringMatching(/R9 !read_ok/) })
  })

  it('checks names, sizes and order of calls', () => {
    using object = openObject('process.bpf.o')
    expect(object.programs.map(({ name }) => name)).toEqual(expect.arrayContaining(['cws_exec', 'cws_fork', 'cws_exit']))
    expect(codeOf(() => object.attach('nobody')).code).toBe('CWS_BPF_NO_PROGRAM')
    expect(codeOf(() => object.lookup('cws_wake', Buffer.alloc(4))).code).toBe('CWS_BPF_NOT_LOADED')
    expect(codeOf(() => object.setConstant('cws_nothing', 1)).code).toBe('CWS_BPF_NO_CONSTANT')
    expect(codeOf(() => object.setConstant('cws_envp', 256)).code).toBe('CWS_BPF_NO_CONSTANT')
    object.setConstant('cws_envp', true)
    object.setMaxEntries('cws_ring', 65_536)
    object.load()
    expect(object.maps.find(({ name }) => name === 'cws_ring')).toMatchObject({ type: 'ringbuf', maxEntries: 65_536 })
    expect(codeOf(() => object.setConstant('cws_envp', false)).code).toBe('CWS_BPF_LOADED')
    expect(codeOf(() => object.lookup('cws_wake', Buffer.alloc(8))).code).toBe('CWS_BPF_MAP')
    const key = Buffer.from('0102030405060708', 'hex')
    expect(object.lookup('cws_env_allow', key)).toBeUndefined()
    object.update('cws_env_allow', key, Buffer.from([1]))
    expect(object.lookup('cws_env_allow', key)).toEqual(Buffer.from([1]))
    expect(object.keys('cws_env_allow')).toEqual([key])
    expect([object.delete('cws_env_allow', key), object.delete('cws_env_allow', key)]).toEqual([true, false])
    object.close()
    object.close()
    expect(codeOf(() => object.maps).code).toBe('CWS_BPF_CLOSED')
  })
})

describe('system calls', () => {
  const nodes = [process.execPath, '/usr/bin/node', '/usr/local/bin/node'].filter((node) => existsSync(node))

  it.each(nodes)('the launcher drops capabilities, then becomes another program (%s)', (node) => {
    const status = runModule(
      `import { capDrop, capGet, execve, noNewPrivileges } from ${JSON.stringify(source('../launch.js'))}
       if (!capGet().effective.includes('CAP_KILL')) throw new Error('this test needs root')
       capDrop(['CAP_SYS_ADMIN', 'CAP_CHOWN'])
       noNewPrivileges()
       execve('/bin/grep', ['grep', '-E', '^(Cap|NoNewPrivs|SigBlk|SigIgn)|^X', '/proc/self/status'], { LANG: 'C' })`,
      node,
    )
    const value = (name: string) => status.match(new RegExp(`${name}:\\s*(\\S+)`))?.[1]
    const kept = (1n << 21n) | 1n
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) expect([set, BigInt(`0x${value(set)}`)]).toEqual([set, kept])
    expect(value('NoNewPrivs')).toBe('1')
    expect(value('SigBlk')).toMatch(/^0+$/)
    expect(BigInt(`0x${value('SigIgn')}`) & (1n << 12n)).toBe(0n) // SIGPIPE, which Node ignores
  })

  it('refuse what makes no sense', () => {
    expect(() => capDrop(['CAP_NOTHING'])).toThrow(RangeError)
    const failing = `import { execve } from ${JSON.stringify(source('../launch.js'))}
      try { execve('/nowhere', ['x'], {}) } catch ({ code, errno }) { console.log(code, errno) }`
    expect(runModule(failing)).toBe('CWS_EXEC 2\n')
  })

  it('one process holds a lock, others are refused until it ends', async () => {
    const file = join(folder, 'lock')
    const holder = module(`import { load } from ${JSON.stringify(source('../load.js'))}
      console.log(load().addon.lockFile(${JSON.stringify(file)})); process.stdin.resume()`)
    const child = spawn(holder.node, holder.args, { env: holder.env, stdio: ['pipe', 'pipe', 'inherit'] })
    expect(Number((await once(child.stdout, 'data')).toString())).toBeGreaterThan(2)
    expect(lockFile(file)).toBeUndefined()
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = lockFile(file)!
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(lockFile(file)).toBeUndefined()
    lock.release()
    lock.release()
    lockFile(file)!.release()
  })

  it('a process can be closed to core dumps and onlookers', () => {
    const owner = runModule(`import { statSync } from 'node:fs'
      import { load } from ${JSON.stringify(source('../load.js'))}
      const { addon } = load()
      process.setgid(65534); process.setuid(65534)
      addon.setDumpable(true)
      const before = statSync('/proc/self/environ').uid
      addon.setDumpable(false)
      console.log(before, statSync('/proc/self/environ').uid)`)
    expect(owner).toBe('65534 0\n')
  })

  it('tell the peer of a socket and the time since boot', async () => {
    const path = join(folder, 'socket')
    const server = createServer().listen(path)
    await once(server, 'listening')
    const client = connect(path)
    const [socket] = await once(server, 'connection')
    expect(peerCredentials(socket._handle.fd)).toEqual({ pid: process.pid, uid: process.getuid!(), gid: process.getgid!() })
    client.destroy()
    socket.destroy()
    server.close()
    const before = clockBoottime()
    expect(clockBoottime()).toBeGreaterThan(before)
  })
})

describe('several threads', () => {
  it('a worker may load the addon and end with its drain open', async () => {
    const code = `
      import { parentPort } from 'node:worker_threads'
      import { load } from ${JSON.stringify(source('../load.js'))}
      const { addon } = load()
      const queue = Buffer.allocUnsafeSlow(1 << 20)
      const drain = addon.drainOpen(queue, Buffer.from(new Uint32Array(2).buffer), 100, () => {})
      globalThis.kept = drain
      parentPort.postMessage(addon.drainStats(drain).records)`
    const file = join(folder, 'worker.mjs')
    writeFileSync(file, code)
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(file, { execArgv: [] })
      expect((await once(worker, 'message'))[0]).toBe(0)
      await worker.terminate()
    }
  })
})
