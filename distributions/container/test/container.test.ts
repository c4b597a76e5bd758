import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { KEPT_CAPABILITIES } from '../../host/bin/capabilities.js'

const read = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8')
const names = KEPT_CAPABILITIES.map((name) => name.slice('CAP_'.length))

describe('the container', () => {
  test('has the agent of this version by default', () => {
    const { version } = JSON.parse(read('../../host/package.json')) as { version: string }
    expect(read('../Containerfile')).toContain(`ARG AGENT=@cws/agent@${version}\n`)
    expect(read('../daemonset.yaml')).toContain(`/cws:${version}\n`)
  })

  test('is run with what the launcher keeps, wherever it is said how', () => {
    const lines = [...read('../README.md').matchAll(/--cap-drop ALL( --cap-add \w+)+/g)]
    expect(lines.length).toBe(2)
    for (const [line] of lines) expect([...line.matchAll(/--cap-add (\w+)/g)].map(([, name]) => name)).toEqual(names)
    expect(/drop: \[ALL\]\s+add: \[(.*)\]/.exec(read('../daemonset.yaml'))?.[1]?.split(', ')).toEqual(names)
  })
})

describe('the health check', () => {
  const check = async (status: number | undefined) => {
    const server = createServer((_, response) => response.writeHead(status as number).end('{"ok":…}\n'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    if (status === undefined) await new Promise((resolve) => server.close(resolve))
    // The server is in this process, so it must not wait for the check.
    const child = spawn(process.execPath, [join(import.meta.dirname, '../healthcheck.mjs'), `http://127.0.0.1:${port}/healthz`])
    let said = ''
    for await (const text of child.stdout) said += text
    const code = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)))
    if (status !== undefined) await new Promise((resolve) => server.close(resolve))
    return { code, said: said.trim() }
  }

  test('ends as the agent is', async () => {
    expect(await check(200)).toEqual({ code: 0, said: '{"ok":…}' })
    expect(await check(503)).toEqual({ code: 1, said: '{"ok":…}' })
    expect(await check(undefined)).toMatchObject({ code: 1, said: expect.stringContaining('is `monitoring: {}` in the configuration?') })
  })

  test('runs without packages', () => {
    expect(spawnSync(process.execPath, ['--check', join(import.meta.dirname, '../healthcheck.mjs')]).status).toBe(0)
    expect([...read('../healthcheck.mjs').matchAll(/from '(.*)'/g)].map(([, name]) => name)).toEqual(['node:http'])
  })
})
