import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Output } from '../../src/delivery/output.ts'
import { temporaryFolder, until } from '../fixtures/delivery.ts'

/** A pipe of which the test holds both ends. */
function pipe(folder: string): { reader: number; writer: number } {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { reader, writer: openSync(path, constants.O_WRONLY) }
}

function readAll(fd: number): string {
  const chunks: Buffer[] = []
  for (;;) {
    const buffer = Buffer.alloc(65536)
    try {
      const length = readSync(fd, buffer)
      if (length === 0) break
      chunks.push(buffer.subarray(0, length))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      break
    }
  }
  return Buffer.concat(chunks).toString()
}

it('never waits for a pipe that nobody reads, and loses no signal when it is read again', async () => {
  using folder = temporaryFolder()
  const { reader, writer } = pipe(folder.path)
  const output = new Output({ fd: writer })
  const lines = Array.from({ length: 2_000 }, (_, i) => `signal ${i} ${'x'.repeat(500)}`)
  for (const line of lines) expect(output.line(line)).toBe(true)
  expect(output.buffered).toBeGreaterThan(500_000)
  let text = ''
  await until(() => {
    text += readAll(reader)
    return output.buffered === 0
  }, 'the output to be empty')
  text += readAll(reader)
  expect(text.split('\n').slice(0, -1)).toEqual(lines)
  output.close()
  // The descriptor that was given is still open, and still makes its other writers wait.
  writeSync(writer, 'mine')
  expect(readAll(reader)).toBe('mine')
  closeSync(reader)
  closeSync(writer)
})

it('drops events first, counts them, and keeps to its bound', async () => {
  using folder = temporaryFolder()
  const { reader, writer } = pipe(folder.path)
  let room = 0
  const output = new Output({ fd: writer, limit: 200_000, onRoom: () => room++ })
  let sent = 0
  for (; output.dropped === 0; sent += 10) output.events(`${'e'.repeat(99)}\n`.repeat(10), 10)
  expect(output.buffered).toBeLessThanOrEqual(200_000)
  let signals = 0
  while (output.line(`signal ${signals} ${'s'.repeat(1_000)}`)) signals++
  expect(output.buffered).toBeLessThanOrEqual(200_000)
  expect(signals).toBeGreaterThan(190)
  let text = ''
  await until(() => {
    text += readAll(reader)
    return output.buffered === 0
  }, 'the output to be empty')
  text += readAll(reader)
  const lines = text.split('\n').slice(0, -1)
  expect(lines.filter((line) => line.startsWith('signal'))).toHaveLength(signals)
  const events = lines.filter((line) => /^e{99}$/.test(line)).length
  expect(events + signals).toBe(lines.length)
  expect(events + output.dropped).toBe(sent)
  expect(room).toBe(1)
  output.close()
  closeSync(reader)
  closeSync(writer)
})

it('gives up once when the reader has gone, without an error', async () => {
  using folder = temporaryFolder()
  const { reader, writer } = pipe(folder.path)
  const reasons: string[] = []
  const output = new Output({ fd: writer, onClosed: (reason) => reasons.push(reason) })
  closeSync(reader)
  expect(output.line('a')).toBe(true)
  expect(output.line('b')).toBe(true)
  expect(reasons).toEqual(['EPIPE'])
  expect(output.closed).toBe(true)
  expect(await output.drain(1_000)).toBe(true)
  output.close()
  closeSync(writer)
})

it('writes on where the shared position of a file is, so that stdout and stderr may be one file', () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'log')
  const fd = openSync(file, 'w')
  const output = new Output({ fd })
  writeSync(fd, 'stderr 1\n')
  output.line('stdout 1')
  writeSync(fd, 'stderr 2\n')
  output.line('stdout 2')
  output.close()
  closeSync(fd)
  expect(readFileSync(file, 'utf8')).toBe('stderr 1\nstdout 1\nstderr 2\nstdout 2\n')
})

it('says on what it could not drain', async () => {
  using folder = temporaryFolder()
  const { reader, writer } = pipe(folder.path)
  const output = new Output({ fd: writer })
  output.line('x'.repeat(1_000_000))
  expect(await output.drain(20)).toBe(false)
  output.close()
  closeSync(reader)
  closeSync(writer)
})

it('writes to a socket, which cannot be opened anew', async () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'socket')
  let received = ''
  const server = createServer((socket) => socket.setEncoding('utf8').on('data', (text: string) => (received += text)))
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const source = `import { connect } from 'node:net'
    import { Output } from ${JSON.stringify(new URL('../../src/delivery/output.ts', import.meta.url).href)}
    const socket = connect(${JSON.stringify(path)}, async () => {
      const output = new Output({ fd: socket._handle.fd })
      for (let i = 0; i < 1000; i++) output.line(i + ' ' + 'x'.repeat(300))
      await output.drain(5000)
      socket.end()
    })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'inherit', 'inherit'] })
  const code = await new Promise((resolve) => child.once('exit', resolve))
  expect(code).toBe(0)
  await until(() => received.split('\n').length === 1001, 'all lines')
  expect(
    received
      .split('\n')
      .slice(0, -1)
      .map((line) => Number(line.split(' ')[0])),
  ).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  server.close()
})
