import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Asker } from '../../src/delivery/control/administration.ts'
import { startControl } from '../../src/delivery/control/control.ts'
import { ask } from '../../src/delivery/control/control-client.ts'
import { CwsError } from '../../src/errors/cws-error.ts'
import { memoryLog, temporaryFolder } from '../fixtures/delivery.ts'

const handle = async (what: string, args: unknown): Promise<unknown> => {
  if (what === 'fail') throw new CwsError('CWS_ERR_USAGE', 'no such thing', { hint: 'try another' })
  if (what === 'slow') await new Promise((resolve) => setTimeout(resolve, 20))
  return { what, args }
}

/** Sends bytes as they are and reads until the other side ends or enough lines came. */
function raw(path: string, text: string, lines: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let got = ''
    const socket = connect(path, () => socket.write(text))
    const done = (): void => {
      socket.destroy()
      resolve(got.split('\n').slice(0, -1))
    }
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      got += chunk
      if (got.split('\n').length > lines) done()
    })
    socket.on('end', done).on('error', reject)
  })
}

it('answers requests, for root and the group alone', async () => {
  using folder = temporaryFolder()
  const runDir = join(folder.path, 'run')
  await using _ = await startControl({ runDir, log: memoryLog(), handle })
  expect(statSync(runDir).mode & 0o777).toBe(0o750)
  expect(statSync(join(runDir, 'control.sock')).mode & 0o777).toBe(0o660)
  expect(await ask(runDir, 'status', { a: 1 })).toEqual({ what: 'status', args: { a: 1 } })
  await expect(ask(runDir, 'fail')).rejects.toMatchObject({ code: 'CWS_ERR_USAGE', message: 'no such thing', hint: 'try another' })
})

describe('the socket of administrators', () => {
  const asked = async (what: string, _args: unknown, asker: Asker) => ({ what, asker })

  it('is for the user of the agent alone, and asked for what changes who is told', async () => {
    using folder = temporaryFolder()
    await using _ = await startControl({ runDir: folder.path, log: memoryLog(), handle: asked })
    expect(readdirSync(folder.path).sort()).toEqual(['admin.sock', 'control.sock'])
    expect(statSync(join(folder.path, 'admin.sock')).mode & 0o777).toBe(0o600)
    const askerOf = async (what: string, args: object = {}) => ((await ask(folder.path, what, args)) as { asker: Asker }).asker
    for (const what of ['notify.change', 'notify.replay', 'notify.test']) expect(await askerOf(what)).toBe('administrator')
    expect(await askerOf('notify.mute', { forever: true })).toBe('administrator')
    expect(await askerOf('notify.mute', { duration: '1h', critical: true })).toBe('administrator')
    expect(await askerOf('notify.mute', { duration: '1h' })).toBe('operator')
    for (const what of ['status', 'notify.unmute', 'outbox']) expect(await askerOf(what)).toBe('operator')
    // Anybody may judge, and of who may more it is known that it is they.
    for (const what of ['signals.ack', 'signals.archive']) expect(await askerOf(what)).toBe('administrator')
    // Whoever speaks for themselves is who the socket says, whatever they ask and say.
    const [answer] = await raw(join(folder.path, 'control.sock'), '{"what":"notify.change","asker":"administrator","args":{}}\n', 1)
    expect(JSON.parse(answer ?? '').body).toEqual({ what: 'notify.change', asker: 'operator' })
  })

  it('takes the place of what a kill left over, not of one that is alive; with the agent both go', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'admin.sock')
    const alive = createServer()
    await new Promise<void>((resolve) => alive.listen(path, resolve))
    await expect(startControl({ runDir: folder.path, log: memoryLog(), handle })).rejects.toMatchObject({ code: 'CWS_ERR_STATE_DIR' })
    expect(readdirSync(folder.path)).toEqual(['admin.sock'])
    renameSync(path, `${path}.kept`)
    await new Promise((resolve) => alive.close(resolve))
    renameSync(`${path}.kept`, path)
    mkdirSync(join(folder.path, '.a-killed'))
    await (await startControl({ runDir: folder.path, log: memoryLog(), handle }))[Symbol.asyncDispose]()
    expect(readdirSync(folder.path)).toEqual([])
  })
})

it('answers one request a turn of the loop, from however many sockets: whoever asks much keeps nothing else waiting', async () => {
  using folder = temporaryFolder()
  let turn = 0
  let isOver = false
  const spin = (): void => {
    turn++
    if (!isOver) setImmediate(spin)
  }
  spin()
  const turns: number[] = []
  await using _ = await startControl({ runDir: folder.path, log: memoryLog(), handle: async () => turns.push(turn) })
  const requests = '{"what":"status"}\n'.repeat(50)
  const sockets = ['control.sock', 'control.sock', 'admin.sock']
  await Promise.all(sockets.map((name) => raw(join(folder.path, name), requests, 50)))
  isOver = true
  expect(turns).toHaveLength(150)
  expect(new Set(turns).size).toBe(150)
})

it('answers in the order of the requests', async () => {
  using folder = temporaryFolder()
  await using _ = await startControl({ runDir: folder.path, log: memoryLog(), handle })
  const answers = await raw(join(folder.path, 'control.sock'), '{"what":"slow"}\n{"what":"fast"}\n', 2)
  expect(answers.map((line) => JSON.parse(line).body.what)).toEqual(['slow', 'fast'])
})

it('refuses what is no request, and ends with who sends without end', async () => {
  using folder = temporaryFolder()
  await using _ = await startControl({ runDir: folder.path, log: memoryLog(), handle })
  const path = join(folder.path, 'control.sock')
  for (const line of ['nonsense', 'null', '[]', '{"what":1}'])
    expect(JSON.parse((await raw(path, `${line}\n`, 1))[0] as string)).toMatchObject({ ok: false, error: { code: 'CWS_ERR_USAGE' } })
  expect(JSON.parse((await raw(path, 'x'.repeat(100_000), 2))[0] as string)).toMatchObject({ ok: false })
  expect(await ask(folder.path, 'status')).toMatchObject({ what: 'status' })
})

it('takes the place of a socket that a kill left over, not of one that is alive', async () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'control.sock')
  const dead = createServer()
  await new Promise<void>((resolve) => dead.listen(path, resolve))
  await expect(startControl({ runDir: folder.path, log: memoryLog(), handle })).rejects.toMatchObject({ code: 'CWS_ERR_STATE_DIR' })
  // What a kill leaves: the name without a listener.
  renameSync(path, `${path}.kept`)
  await new Promise((resolve) => dead.close(resolve))
  renameSync(`${path}.kept`, path)
  await using _ = await startControl({ runDir: folder.path, log: memoryLog(), handle })
  expect(await ask(folder.path, 'status')).toMatchObject({ what: 'status' })
})

it('says so when no agent runs', async () => {
  using folder = temporaryFolder()
  await expect(ask(folder.path, 'status')).rejects.toMatchObject({ code: 'CWS_ERR_NOT_RUNNING' })
  const silent = createServer()
  await new Promise<void>((resolve) => silent.listen(join(folder.path, 'control.sock'), resolve))
  await expect(ask(folder.path, 'status', {}, 50)).rejects.toMatchObject({ code: 'CWS_ERR_NOT_RUNNING' })
  silent.close()
})

it('reads nothing more of who does not read its answers', async () => {
  using folder = temporaryFolder()
  let answers = 0
  const big = 'x'.repeat(1024 * 1024)
  const counting = (): string => {
    answers++
    return big
  }
  await using _ = await startControl({ runDir: folder.path, log: memoryLog(), handle: counting })
  const socket = connect(join(folder.path, 'control.sock'))
  socket.pause()
  socket.write('{"what":"a"}\n'.repeat(1000))
  // Another connection is served meanwhile; by then the first has been as well.
  for (let i = 0; i < 20; i++) await ask(folder.path, 'b', null)
  expect(answers).toBeLessThan(30)
  socket.destroy()
})
