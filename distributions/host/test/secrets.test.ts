import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { join } from 'node:path'
import { env, secretFile } from '@cws/core'
import email from '@cws/plugin-notify-email'
import pagerduty from '@cws/plugin-notify-pagerduty'
import slack from '@cws/plugin-notify-slack'
import teams from '@cws/plugin-notify-teams'
import webhook from '@cws/plugin-notify-webhook'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { program } from '../../../core/src/cli/main.ts'
import { ask } from '../../../core/src/delivery/control/control-client.ts'
import type { DeliveryCounters, DeliveryOptions } from '../../../core/src/delivery/protocol.ts'
import type { NotifierInstance } from '../../../core/src/plugin/instance.ts'
import { loadOptions } from '../../../core/src/testing/load-options.ts'
import { signalOf, temporaryFolder, until } from '../../../core/test/fixtures/delivery.ts'
import { DeliveryProcess, destination, optionsIn } from '../../../core/test/fixtures/delivery-harness.ts'
import { TestAuthority } from '../../../tests/support/certificates.ts'

const SECRETS = {
  signing: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  authorization: 'Bearer q7/"Zt+4w=0Kx9Lp2',
  token: 'xoxb-81/"kQ+z=Wm3vT6yR1',
  password: 'p4/"Jn+c=Xh8sD5gU0',
  firstKey: 'f00dfacef00dfacef00dfacef00dface',
  secondKey: 'a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4',
  hook: 'T0HIDDEN/B0HIDDEN/hIdDeN0123456789',
  workflow: 'f10w-hIdDeN_9876543210zYxWvU',
}

/** How a secret could stand somewhere: as it is, in a URL, in JSON, in base64 whichever bytes stand before it. */
const FORMS = Object.entries(SECRETS).flatMap(([name, whole]) => {
  const secret = whole.replace(/^(whsec_|Bearer )/, '')
  const encoded = [0, 1, 2].map((shift) =>
    Buffer.from(`${' '.repeat(shift)}${secret}`)
      .toString('base64')
      .replaceAll('=', '')
      .slice(4, -1),
  )
  const json = JSON.stringify(secret).slice(1, -1)
  // Half a secret is one too.
  const forms = [secret, secret.slice(0, 12), encodeURIComponent(secret), json, json.replaceAll('/', '\\/'), ...encoded]
  return forms.map((form) => [name, form] as const)
})
const leaksIn = (text: string) => FORMS.filter(([, form]) => text.includes(form)).map(([name, form]) => `${name} as ${form}`)

/** All that came, in every form, in a place where it could be taken over. */
function echo(request: IncomingMessage, body: string): string {
  const told = `${request.headers.authorization} ${request.url} ${body.slice(0, 60)}`
  return [told, encodeURIComponent(told), JSON.stringify(told), Buffer.from(told).toString('base64')].join(' ')
}

/** Every way in which an exchange can fail. */
const FAULTS: readonly ((response: ServerResponse, said: string) => void)[] = [
  (response, said) => response.writeHead(403).end(said),
  (response, said) => response.writeHead(200, { 'content-type': 'text/html' }).end(`<html>${said}</html>`),
  // What is shown of it ends in the header's middle.
  (response, said) => response.writeHead(500).end(`${'.'.repeat(170)}${said}`),
  (response) => response.writeHead(301, { location: response.req.url }).end(),
  (response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
  (response, said) => response.writeHead(429, { 'retry-after': '-1' }).end(JSON.stringify({ said }).replaceAll('/', '\\/')),
  (response, said) => response.writeHead(400).end(`{"ok":false,"error":${JSON.stringify(said)},"errors":[${JSON.stringify(said)}]}`),
  (response, said) => response.writeHead(200).end(`{"ok":false,"error":${JSON.stringify(said)}}`),
  (response) => void response.socket?.destroy(),
  (response, said) => void response.writeHead(200).write(`${said}${'x'.repeat(64 * 1024)}`),
  (response, said) => void response.socket?.end(`HTTP/1.1 200 ${said}\r\n\r\n`),
  (response, said) => void response.socket?.write(`HTTP/1.1 200 OK\r\n${`X-A: ${said}\r\n`.repeat(500)}`),
]

const bodies: string[] = []
/** The number that a path begins with is that of the fault. */
const http = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('error', () => {})
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString()
    bodies.push(body)
    FAULTS[Number.parseInt(request.url?.slice(1) ?? '', 10)]?.(response, echo(request, body))
  })
})
/** A mail server that repeats what it was told to whoever logs in. */
const smtp = createTcpServer((socket) => {
  socket.on('error', () => {})
  socket.write('220 mx ESMTP\r\n')
  socket.on('data', (data) => {
    const line = data.toString().trim()
    if (line.startsWith('EHLO')) socket.write('250-mx\r\n250 AUTH PLAIN LOGIN\r\n')
    else if (line.startsWith('AUTH'))
      socket.write(
        `535 5.7.8 ${line} ${Buffer.from(line.split(' ')[2] ?? '', 'base64')
          .toString()
          .replaceAll('\0', ' ')}\r\n`,
      )
    else socket.end('221 bye\r\n')
  })
})

/** What `cws notify outbox` writes. */
async function outbox({ stateDir, runDir }: DeliveryOptions, format: string): Promise<string> {
  let out = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  try {
    const distribution = { version: '0', installation: import.meta.url, preset: async () => ({ plugins: [] }), starter: '' }
    const folders = ['--state-dir', stateDir, '--run-dir', runDir]
    await program(distribution).parseAsync(['node', 'cws', 'notify', 'outbox', ...folders, '--format', format])
  } finally {
    write.mockRestore()
  }
  return out
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port
beforeAll(async () => {
  for (const server of [http, smtp]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  http.closeAllConnections()
  for (const server of [http, smtp]) await new Promise((resolve) => server.close(resolve))
})

it('no secret is told by a delivery that fails, whichever way, in any form; a file that changes is read anew [case 64]', {
  timeout: 120_000,
}, async () => {
  using folder = temporaryFolder()
  const keyFile = join(folder.path, 'key')
  writeFileSync(keyFile, SECRETS.firstKey)
  const base = `http://127.0.0.1:${portOf(http)}`
  const fileWith = (name: string, text: string): string => {
    const path = join(folder.path, name)
    writeFileSync(path, text)
    return path
  }
  const hookOf = (i: number, to = base) => secretFile(fileWith(`hook${i}`, `${to}/${i}/services/${SECRETS.hook}`))
  const flowOf = (i: number, to = base) => secretFile(fileWith(`flow${i}`, `${to}/${i}/workflows/x?api-version=1&sig=${SECRETS.workflow}`))
  // Nobody knows who has certified that.
  await using unknown = createTlsServer(new TestAuthority(folder.path).identity('unknown', 'DNS:localhost')).listen(0, '127.0.0.1')
  await once(unknown, 'listening')
  const secure = `https://localhost:${portOf(unknown)}`
  Object.assign(process.env, {
    T_SIGNING: SECRETS.signing,
    T_HEADER: SECRETS.authorization,
    T_TOKEN: SECRETS.token,
    T_PASSWORD: SECRETS.password,
  })
  const timeout = 1_000
  const login = { user: 'cws', password: env('T_PASSWORD') }
  const instances = [
    ...FAULTS.flatMap((_, i) => [
      webhook({
        name: `webhook${i}`,
        url: `${base}/${i}/hook`,
        secret: env('T_SIGNING'),
        headers: { Authorization: env('T_HEADER') },
        timeout,
      }),
      slack({ name: `hook${i}`, webhook: hookOf(i), timeout }),
      teams({ name: `flow${i}`, webhook: flowOf(i), timeout }),
      slack({ name: `bot${i}`, token: env('T_TOKEN'), channel: '#x', api: `${base}/${i}/api/`, timeout }),
      pagerduty({ name: `pagerduty${i}`, routingKey: secretFile(keyFile), endpoint: `${base}/${i}/v2/enqueue`, timeout }),
    ]),
    webhook({ name: 'stranger', url: `${secure}/hook`, secret: env('T_SIGNING'), headers: { Authorization: env('T_HEADER') } }),
    slack({ name: 'stranger-hook', webhook: hookOf(99, secure) }),
    teams({ name: 'stranger-flow', webhook: flowOf(99, secure) }),
    pagerduty({ name: 'stranger-page', routingKey: secretFile(keyFile), endpoint: `${secure}/v2/enqueue` }),
    email({
      host: '127.0.0.1',
      port: portOf(smtp),
      tls: 'none',
      auth: login,
      from: 'cws@example.com',
      to: 'soc@example.com',
      timeout: 10_000,
    }),
  ] as unknown as NotifierInstance[]
  const destinations = await Promise.all(instances.map(async (it) => destination({ ...it, options: await loadOptions(it as never) })))
  const options = optionsIn(folder.path, { destinations })
  await using agent = new DeliveryProcess(options)
  await agent.hears('started')
  agent.tell({ signal: signalOf({ severity: 'critical' }) })
  const seen: unknown[] = []
  await until(
    async () => {
      agent.tell({ counters: true })
      const counters = await agent.hears<DeliveryCounters>('counters')
      seen.push(counters)
      return (
        Object.keys(counters.destinations).length === instances.length &&
        Object.values(counters.destinations).every(({ lastError, delivered }) => lastError || delivered)
      )
    },
    'a try of each',
    40_000,
  )
  writeFileSync(keyFile, SECRETS.secondKey)
  agent.tell({ signal: signalOf({ severity: 'critical' }) })
  await until(() => bodies.some((body) => body.includes(SECRETS.secondKey)), 'the new key')
  seen.push(await ask(options.runDir, 'notify.list', {}))
  for (const format of ['human', 'json']) seen.push(await outbox(options, format))
  expect(JSON.stringify(seen)).toMatch(/HTTP 403.*login: SMTP 535/)
  expect(seen.at(-2)).toMatch(/stranger-flow .*cannot connect safely \(UNABLE_TO_\w+\)/)
  agent.tell({ stop: 500 })
  await agent.exited
  expect(leaksIn(`${JSON.stringify(seen)} ${JSON.stringify(agent.said)} ${agent.stdout}`)).toEqual([])
  for (const name of readdirSync(options.stateDir)) expect(leaksIn(readFileSync(join(options.stateDir, name), 'latin1')), name).toEqual([])
  // The needles are those that came: this test can fail.
  const came = bodies.join(' ')
  for (const key of [SECRETS.firstKey, SECRETS.secondKey]) expect(leaksIn(came).join()).toContain(key)
})
