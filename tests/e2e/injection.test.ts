import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmdirSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hostileValues } from '@cws/core/testing'
import { expect, it } from 'vitest'
import { type Line, RunningAgent, root } from '../support/agent.ts'
import { FlappingReceiver } from '../support/flapping-receiver.ts'
import { project } from '../support/project.ts'
import { generator, temporaryFolder } from '../support/triggers.ts'

const LONGEST = 'n'.repeat(255)

/** What a name or an argument of an attacker may hold, and what must stand for it where bytes are no text. At most as many as one rule has open signals. */
const NAMES: readonly (readonly [what: string, name: string | Buffer, text?: string])[] = [
  ['control characters', '\x01\x07\b\v\f\x7f'],
  ['new lines', 'a\n\nHIGH      forged\r\n{"kind":"signal","id":"forged"}\n'],
  ['colours and a cleared screen', '\x1b[2J\x1b[1;31mred\x1b[0m'],
  ['a title and a link of the terminal', '\x1b]0;owned\x07\x1b]8;;http:x\x1b\\x\x1b]8;;\x1b\\'],
  ['C1 control characters', '\u009b31m\u0085\u0090'],
  ['text that runs from right to left', '\u202egpj.\u2066x\u2069\u200f'],
  ['invisible characters and separators of lines', 'a\u200b\u00ad\ufeff\u2060\u{e0041}b\u2028c\u2029d'],
  ['bytes that are no UTF-8', Buffer.from([0x66, 0xff, 0xfe, 0x80, 0xc0, 0xaf]), 'f\\xff\\xfe\\x80\\xc0\\xaf'],
  ['lone surrogates', Buffer.from([0x61, 0xed, 0xa0, 0x80, 0x62]), 'a\\xed\\xa0\\x80b'],
  ['names of JavaScript', '__proto__'],
  ['templates', '{{@exec.args}}{{rule_name}}${process.pid}{{#each}}'],
  ['Markdown and HTML', '**b** [x](javascript:x) <script>x<!script> `code`'],
  ['JSON and Prometheus', '"},"x":[\\"} 1 x{y="z'],
  ['the longest name, and arguments that grow when they are made harmless', LONGEST],
  ...packed(
    hostileValues.filter((text) => text.isWellFormed() && !/[/\0]/.test(text)),
    255,
    Buffer.byteLength,
  ).map((name) => ['strings of the catalogue', name] as const),
]

/** Strings of the catalogue as arguments, a few for each name. */
const ARGUMENTS = hostileValues.filter((text) => text.isWellFormed() && !text.includes('\0') && text.length < 2_000)
/** The names of containers are those of machines of systemd-nspawn: control groups, whose names whoever has a part of the tree chooses. No runtime gives this host other names. */
const CONTAINERS = packed(
  hostileValues.filter((text) => text.isWellFormed()),
  240,
  (text) => unitName(text).length,
)
const extraOf = (index: number): readonly string[] =>
  NAMES[index]?.[1] === LONGEST ? [] : ARGUMENTS.filter((_, i) => i % NAMES.length === index)
const containerOf = (index: number): string => CONTAINERS[index % CONTAINERS.length] as string

/** Texts that fit, one after another with a space between, in as few as have room for them. */
function packed(texts: readonly string[], room: number, sizeOf: (text: string) => number): string[] {
  const full: string[] = []
  for (const text of texts.filter((text) => text.trim() !== '' && sizeOf(text) <= room)) {
    const last = full.at(-1)
    if (last === undefined || sizeOf(`${last} ${text}`) > room) full.push(text)
    else full[full.length - 1] = `${last} ${text}`
  }
  return full
}

/** A name as systemd writes it in those of units: bytes that may not stand there as `\xNN`. */
function unitName(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(/[^!-.0-[\]-~ ]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

const argumentOf = (name: string | Buffer) => Buffer.from(name === LONGEST ? '\u{e0041}'.repeat(15_000) : (name as string))
/** No text that an attacker chose makes a message longer than receivers take. */
const MAX_BODY_BYTES = 256 * 1024

/** What may stand in no output, whoever reads it. */
const INVISIBLE =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/u

/** The tree of control groups that events name. */
const CGROUPS = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids', '/sys/fs/cgroup'].find((path) =>
  existsSync(join(path, 'cgroup.procs')),
) as string

/** A control group that is a container of this name. */
function container(name: string): Disposable & { readonly path: string } {
  const path = join(CGROUPS, `machine-${unitName(name)}.scope`)
  mkdirSync(path)
  return { path, [Symbol.dispose]: () => rmdirSync(path) }
}

/** Somebody who refuses everything, and has something to say to terminals. */
async function refuser(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createHttpServer((_, response) => response.writeHead(400).end(`\x1b[2J\u009b31m\n\nHIGH      forged\n\u202e${LONGEST}`))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: close }
}

const cws = join(root, 'distributions/host/bin/cws.js')

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** What is looked at of an event. */
interface Ran {
  readonly exec: { readonly file: { readonly path: string; readonly name: string }; readonly argv: readonly string[] }
  readonly container: { readonly id: string }
}

/** Two rules whose messages quote what was done, and a plugin that logs it. */
const configuration = (folder: string, url: string, odd: string, port: number) => `
import { host } from '@cws/agent'
import { definePlugin, defineRule } from '@cws/core'
import webhook from '@cws/plugin-notify-webhook'
const where = (field) => ({ [field]: '/**/${folder}/*' })
const packs = [[
  defineRule({ id: 'ran', name: 'Ran', severity: 'high', on: 'exec', where: where('exec.file.path'), groupBy: ['exec.file.path'],
    message: 'Ran **{{@exec.file.path}}** as {{@exec.argv0}} in {{@container.id}}: {{@exec.args}}', advice: 'Look.' }),
  defineRule({ id: 'renamed', name: 'Renamed', severity: 'high', on: 'change', where: { ...where('change.file.path'), 'change.kind': 'renamed' }, groupBy: ['change.file.destination.path'],
    message: '{{@change.file.path}} is {{@change.file.destination.path}}' }),
]]
const talkative = definePlugin(import.meta, { name: 'talkative', setup(ctx) {
  ctx.detect('exec', { 'exec.file.path': '/**/${folder}/*' }, ({ exec }) => {
    const args = exec.args.slice(0, 500)
    ctx.log.warn({ path: exec.file.path, [exec.file.name]: args }, 'saw ' + exec.file.path + ' ' + args)
    if (exec.file.name === '__proto__') throw new Error('failed at ' + exec.file.path + '\\x1b[2J\\n\\u2028')
  })
} })
export default {
  plugins: [host({ files: { watch: [process.env.INJECTED] }, rules: { packs } }), talkative(),
    webhook({ name: 'siem', url: ${JSON.stringify(url)}, secret: { env: 'SIEM_SECRET' } }),
    webhook({ name: 'odd', url: ${JSON.stringify(odd)}, secret: { env: 'SIEM_SECRET' } })],
  monitoring: { listen: '127.0.0.1:${port}' },
}`

const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
const signalsIn = (path: string) =>
  linesOf(path)
    .map((line) => JSON.parse(line) as Line)
    .filter(({ kind }) => kind === 'signal')

it('hostile names and arguments are data wherever they come out: console, JSON lines, webhook, log, commands, metrics [case 45]', async () => {
  using output = temporaryFolder()
  using programs = temporaryFolder()
  const inner = `injected-${process.pid}`
  const folder = join(programs.path, inner)
  mkdirSync(folder)
  await using receiver = await FlappingReceiver.start()
  await using odd = await refuser()
  const port = await freePort()
  using config = project(configuration(inner, receiver.url, odd.url, port))
  const env = { SIEM_SECRET: receiver.secret, INJECTED: folder }
  const files = { json: join(output.path, 'json'), human: join(output.path, 'human') }
  const open = (path: string) => openSync(path, 'a')
  const [jsonOut, humanOut] = [open(files.json), open(files.human)]
  {
    await using json = await RunningAgent.start({ args: ['--config', config.config], stdout: jsonOut, env })
    await expect.poll(() => linesOf(files.json).some((line) => line.includes('"ready"')), { timeout: 60_000 }).toBe(true)
    using second = project(configuration(inner, receiver.url, odd.url, await freePort()).replace("'siem'", "'siem2'"))
    await using human = await RunningAgent.start({
      args: ['--config', second.config, '--format', 'human'],
      stdout: humanOut,
      env: { ...env, NO_COLOR: '' },
    })
    await expect.poll(() => linesOf(files.human).some((line) => line.includes('watching this host')), { timeout: 60_000 }).toBe(true)

    for (const [i, [, name]] of NAMES.entries()) {
      const program = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name as string)])
      const plain = join(folder, 'plain')
      copyFileSync('/bin/true', plain)
      chmodSync(plain, 0o755)
      renameSync(plain, program)
      // Arguments of any bytes, which Node takes as text alone, go through a file that xargs reads.
      const parts = [program, argumentOf(name), argumentOf(name), ...extraOf(i).map((text) => Buffer.from(text))]
      using group = container(containerOf(i))
      const { status, stderr } = spawnSync(
        '/bin/sh',
        ['-c', 'echo $$ > "$1/cgroup.procs" && exec xargs -0 -r "$2"', 'sh', group.path, generator('spawn')],
        { input: Buffer.concat(parts.flatMap((part) => [part, Buffer.of(0)])) },
      )
      expect([status, String(stderr)]).toEqual([0, ''])
    }

    const paths = NAMES.map(([, name, text]) => `/${inner}/${text ?? String(name)}`)
    const told = () => signalsIn(files.json)
    const idsOf = (rule: string) => told().filter((line) => (line['rule'] as { id: string }).id === rule)
    await expect.poll(() => [idsOf('ran').length, idsOf('renamed').length], { timeout: 60_000 }).toEqual([NAMES.length, NAMES.length])

    // JSON lines: escaped to the eye, unaltered to who parses them.
    expect(readFileSync(files.json, 'utf8')).not.toMatch(INVISIBLE)
    const ran = idsOf('ran').map((line) => line['event'] as Ran)
    expect(ran.map(({ exec: { file } }) => file.path.slice(file.path.indexOf(`/${inner}/`))).sort()).toEqual([...paths].sort())
    for (const { exec, container } of ran) {
      const index = paths.findIndex((path) => exec.file.path.endsWith(path))
      expect(container.id).toBe(containerOf(index))
      if (exec.file.name !== LONGEST) expect(exec.argv).toEqual([exec.file.name, exec.file.name, ...extraOf(index)])
    }
    const renamed = idsOf('renamed').map(
      (line) => (line['event'] as { change: { file: { destination: { path: string } } } }).change.file.destination.path,
    )
    expect(renamed.map((path) => path.slice(path.indexOf(`/${inner}/`))).sort()).toEqual([...paths].sort())
    for (const line of told()) {
      expect(line['id']).not.toBe('forged')
      expect(line['message']).not.toMatch(INVISIBLE)
    }
    // What is a template in a value stays one.
    const template = idsOf('ran').find(({ event }) => JSON.stringify(event).includes('{{@exec.args}}')) as Line
    expect(template['message']).toContain(`/${inner}/{{@exec.args}}{{rule_name}}\${process.pid}{{#each}}** as `)

    // The webhook: the same, signed.
    await expect
      .poll(() => new Set(receiver.arrivals.filter(({ key }) => key.endsWith(':siem')).map(({ key }) => key)).size, { timeout: 30_000 })
      .toBeGreaterThanOrEqual(2 * NAMES.length)
    expect(receiver.forged).toBe(0)
    for (const { body } of receiver.arrivals) {
      expect(body).not.toMatch(INVISIBLE)
      expect(Buffer.byteLength(body)).toBeLessThan(MAX_BODY_BYTES)
      expect(Object.keys(JSON.parse(body) as object)).not.toContain('x')
    }

    // The console of a person.
    await expect.poll(() => readFileSync(files.human, 'utf8').match(/^HIGH {6}R/gm)?.length, { timeout: 30_000 }).toBe(2 * NAMES.length)
    const console = readFileSync(files.human, 'utf8')
    expect(console).not.toMatch(INVISIBLE)
    expect(console).not.toMatch(/^(HIGH {6}forged|\{)/m)
    expect(console).toContain('\\u{1b}[2J\\u{1b}[1;31mred')

    // The log, also of a plugin that says what it saw and fails at it.
    await json.until(() => json.stderr.includes(LONGEST))
    for (const { stderr } of [json, human]) {
      expect(stderr).not.toMatch(INVISIBLE)
      for (const line of stderr.split('\n').slice(0, -1)) expect(JSON.parse(line)).not.toHaveProperty('kind')
      expect(stderr).toContain('failed at ')
    }

    // Commands.
    const command = async (...args: string[]): Promise<string> => {
      const environment = { CWS_STATE_DIR: join(json.folder, 'state'), CWS_RUN_DIR: join(json.folder, 'run'), NO_COLOR: '1' }
      const options = { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...env, ...environment } }
      return (await promisify(execFile)(process.execPath, [cws, ...args], options)).stdout
    }
    for (const [formats, ...args] of [
      // Whatever else goes on at this host meanwhile is a signal, too.
      ['human json', 'signals', 'list', '--limit', '1000'],
      ['human json', 'signals', 'show', String(template['id'])],
      ['human json', 'status'],
      ['human json', 'plugins', '--config', config.config],
      ['human json', 'notify', 'outbox'],
      // Their JSON is made by the same function, and each costs a second.
      ['human', 'notify', 'list'],
      ['human', 'notify', 'preview'],
    ] as const) {
      const what = args.join(' ')
      const [human = '', lines] = await Promise.all(formats.split(' ').map((format) => command(...args, '--format', format)))
      for (const text of [human, lines ?? '']) expect(text, what).not.toMatch(INVISIBLE)
      expect(human, what).not.toMatch(/^(HIGH {6}forged|\{)/m)
      const told = (lines?.trimEnd().split('\n') ?? []).map((line) => JSON.parse(line) as Line)
      for (const line of told) expect(line, what).not.toHaveProperty('x')
      if (what.startsWith('signals list'))
        expect(told.filter(({ rule }) => (rule as { id: string }).id === 'ran')).toHaveLength(NAMES.length)
      if (what === 'notify outbox') expect(human).toContain('HTTP 400: \\u{1b}[2J')
      if (what === 'notify preview') expect(human).toContain(`/${inner}/`)
    }

    // Metrics: no name of an attacker makes a line or a label.
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(metrics).not.toMatch(INVISIBLE)
    for (const line of metrics.split('\n').slice(0, -1))
      expect(line).toMatch(/^(# (HELP|TYPE) .+|[a-z_]+(\{([a-z_]+="(\\[\\n"]|[^"\\\n])*",?)*\})? [-+.0-9eInfNa]+)$/)
    expect(metrics).not.toContain(inner)
  }
  closeSync(jsonOut)
  closeSync(humanOut)
}, 240_000)
