import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Form, formOf, forms, keyIn, mayBecomeForm, mediaTypeOf, writtenAs } from '../../src/messages/forms/form.ts'
import type { Letter, Reason } from '../../src/messages/letter.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { hostileLetter, hostileValues } from '../../src/testing/hostile-values.ts'
import { sampleSignal } from '../../src/testing/samples.ts'

const BIG = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('18446744073709551615')

const exec = {
  type: 'exec',
  container: { id: 'c0ffee' },
  exec: { file: { path: '/dev/shm/x', name: 'x', inode: BIG, mode: 0o100755, hashes: ['sha256:00ff', 'blake3:aa'], extension: '' } },
  process: {
    pid: 42,
    uid: 0,
    user: 'root',
    euid: 33,
    euser: 'www-data',
    comm: 'x',
    argv0: './x',
    args: '-a b',
    argv: ['-a', 'b'],
    cwd: '/dev/shm',
    created_at: '2025-11-24T16:00:00.000000001Z',
    container: { id: 'c0ffee' },
    file: { path: '/dev/shm/x', name: 'x', mode: 0o100755 },
    parent: { pid: 7, comm: 'nginx', user: null, file: { path: '/usr/sbin/nginx', name: 'nginx' } },
  },
}
const unlink = {
  type: 'unlink',
  unlink: { file: { path: '/etc/passwd', name: 'passwd', mode: 0o100644, size: 12, user: 'root' } },
  process: { pid: 8 },
}
const nothing = { type: 'theirs', theirs: { file: null }, process: { pid: null, file: { name: '' } } }
/** Signals as the agent told them, of a program in memory and of a file that was deleted: shortened, with names of a host that is none. */
const [ran, deleted] = readFileSync(new URL('recorded-signals.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Signal) as [Signal, Signal]
const EVENTS = { exec, unlink, nothing, empty: {} }

const KEY = '01JDEXAMPLE0000000000000AA:1:siem'

function letterOf(signal: Partial<Signal>, letter: Partial<Letter> = {}): Letter {
  const whole = sampleSignal(signal)
  const { title, message, last_seen: time } = whole
  const said: Letter['message'] = [{ type: 'paragraph', children: [{ type: 'text', text: message, value: true }] }]
  return {
    key: KEY,
    reason: 'opened',
    rule: undefined,
    signal: whole,
    title,
    message: said,
    generation: 1,
    receipt: undefined,
    time,
    ...letter,
  }
}

function told(form: Form, signal: Partial<Signal>, letter: Partial<Letter> = {}, tier = 0) {
  const body = writtenAs(form, letterOf(signal, letter), tier)
  return { body, json: JSON.parse(body) as Record<string, unknown> }
}

/** Which keys there are, and of what type their values are. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
}

/** What each specification demands of these fields, and none that it does not know. */
const uri = z.string().regex(/^[a-z][a-z0-9+.-]*:[^\s]+$/i)
const rfc3339 = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/)
const word = z.string().min(1)
const cloudEvent = z
  .object({
    specversion: z.literal('1.0'),
    id: word,
    source: uri,
    type: word,
    subject: word,
    time: rfc3339,
    datacontenttype: z.literal('application/json'),
    data: z.object({}).loose(),
  })
  // Names of extensions are lower-case letters and digits, their values of simple types.
  .catchall(z.union([z.string(), z.number().int(), z.boolean()]))
  .refine((event) => Object.keys(event).every((name) => /^[a-z0-9]{1,20}$/.test(name)))

const millis = z.int().min(1e12).max(4e12)
const named = { name: word.optional(), uid: word.optional() }
const file = z.strictObject({
  name: word,
  path: word.optional(),
  type_id: z.union([z.int().min(0).max(7), z.literal(99)]),
  size: z.int().optional(),
  hashes: z
    .array(z.strictObject({ algorithm_id: z.union([z.int().min(0).max(7), z.literal(99)]), algorithm: word, value: word }))
    .optional(),
})
const process = z.strictObject({
  pid: z.int(),
  name: word.optional(),
  cmd_line: word.optional(),
  created_time: millis.optional(),
  file: file.optional(),
  user: z
    .strictObject(named)
    .refine(({ name, uid }) => name !== undefined || uid !== undefined)
    .optional(),
  container: z.strictObject({ uid: word }).optional(),
  get parent_process() {
    return process.optional()
  },
})
const detectionFinding = z
  .strictObject({
    category_uid: z.literal(2),
    category_name: z.literal('Findings'),
    class_uid: z.literal(2004),
    class_name: z.literal('Detection Finding'),
    activity_id: z.int().min(1).max(3),
    activity_name: z.enum(['Create', 'Update', 'Close']),
    type_uid: z.int(),
    type_name: word,
    severity_id: z.int().min(1).max(5),
    severity: z.enum(['Informational', 'Low', 'Medium', 'High', 'Critical']),
    status_id: z.literal([1, 2, 4]),
    status: z.enum(['New', 'In Progress', 'Resolved']),
    is_alert: z.boolean(),
    time: millis,
    start_time: millis,
    end_time: millis,
    count: z.int().min(1),
    message: word,
    metadata: z.strictObject({
      version: z.string().regex(/^1\.\d+\.\d+$/),
      product: z.strictObject({ name: word, vendor_name: word }),
      profiles: z.array(z.enum(['host', 'container'])),
      uid: word,
      sequence: z.int(),
      labels: z.array(z.string()),
    }),
    finding_info: z.strictObject({
      uid: word,
      title: word,
      desc: word,
      first_seen_time: millis,
      last_seen_time: millis,
      analytic: z.strictObject({ type_id: z.literal(1), type: z.literal('Rule'), uid: word, name: word }),
      attacks: z
        .array(
          z.strictObject({
            technique: z.strictObject({ uid: z.string().regex(/^T\d{4}$/) }),
            sub_technique: z.strictObject({ uid: z.string().regex(/^T\d{4}\.\d{3}$/) }).optional(),
          }),
        )
        .optional(),
    }),
    remediation: z.strictObject({ desc: word }).optional(),
    device: z.strictObject({ type_id: z.literal(0), type: z.literal('Unknown'), hostname: word }),
    resources: z.array(z.strictObject({ type: word, name: word })),
    evidences: z.array(
      z.strictObject({
        actor: z.strictObject({ process }).optional(),
        process: process.optional(),
        file: file.optional(),
        data: z.object({}).loose(),
      }),
    ),
    unmapped: z.object({}).loose(),
  })
  .refine(({ type_uid, class_uid, activity_id }) => type_uid === class_uid * 100 + activity_id)

const ecsUser = z.strictObject({ name: word.optional(), id: word.optional() })
const ecsHash = z.partialRecord(z.enum(['md5', 'sha1', 'sha256', 'sha384', 'sha512']), word)
const ecsProcess = {
  pid: z.int().optional(),
  name: word.optional(),
  executable: word.optional(),
  args: z.array(z.string()).optional(),
  args_count: z.int().optional(),
  command_line: word.optional(),
  working_directory: word.optional(),
  start: rfc3339.optional(),
  user: ecsUser.optional(),
  real_user: ecsUser.optional(),
  hash: ecsHash.optional(),
}
const categories = [
  'api',
  'authentication',
  'configuration',
  'database',
  'driver',
  'email',
  'file',
  'host',
  'iam',
  'intrusion_detection',
  'library',
  'malware',
  'network',
  'package',
  'process',
  'registry',
  'session',
  'threat',
  'vulnerability',
  'web',
]
const types = [
  'access',
  'admin',
  'allowed',
  'change',
  'connection',
  'creation',
  'deletion',
  'denied',
  'device',
  'end',
  'error',
  'group',
  'indicator',
  'info',
  'installation',
  'protocol',
  'start',
  'user',
]
const ecs = z.strictObject({
  '@timestamp': rfc3339,
  ecs: z.strictObject({ version: z.string().regex(/^\d+\.\d+\.\d+$/) }),
  message: word,
  tags: z.array(z.string()),
  event: z.strictObject({
    kind: z.literal('alert'),
    id: word,
    module: word,
    dataset: word,
    provider: word,
    category: z.array(z.enum(categories)).min(1),
    type: z.array(z.enum(types)).min(1),
    action: word.optional(),
    reason: word.optional(),
    severity: z.int(),
    start: rfc3339,
    end: rfc3339,
    sequence: z.int(),
  }),
  rule: z.strictObject({ id: word, name: word }),
  threat: z
    .strictObject({
      framework: word,
      technique: z.strictObject({ id: z.array(word), subtechnique: z.strictObject({ id: z.array(word) }).optional() }),
    })
    .optional(),
  host: z.strictObject({ name: word, hostname: word }),
  agent: z.strictObject({ type: word, name: word }),
  process: z.strictObject({ ...ecsProcess, parent: z.strictObject(ecsProcess).optional() }).optional(),
  user: ecsUser.optional(),
  file: z
    .strictObject({
      path: word.optional(),
      name: word.optional(),
      extension: word.optional(),
      inode: z.string().regex(/^\d+$/).optional(),
      mode: z
        .string()
        .regex(/^[0-7]{4}$/)
        .optional(),
      uid: word.optional(),
      gid: word.optional(),
      owner: word.optional(),
      group: word.optional(),
      size: z.int().optional(),
      hash: ecsHash.optional(),
    })
    .optional(),
  container: z.strictObject({ id: word }).optional(),
  related: z.strictObject({ hosts: z.array(word), user: z.array(word).optional() }),
  cws: z.strictObject({ reason: word, signal: z.object({}).loose() }),
})

const SCHEMAS = { cloudevents: cloudEvent, ocsf: detectionFinding, ecs } as const

describe.each(Object.entries(SCHEMAS))('the form %s', (name, schema) => {
  const form = name as keyof typeof SCHEMAS

  it.each(Object.entries(EVENTS))('is what its specification demands: %s', (_, event) => {
    for (const tags of [[], ['mitre:T1059.004', 'mitre:T1190', 'team:web', 'mitre:x']]) {
      const { json } = told(form, { event, tags })
      const { error } = schema.safeParse(json)
      expect(error?.issues).toBeUndefined()
    }
  })

  it('is what its specification demands: signals that the agent told', () => {
    for (const signal of [ran, deleted]) expect(schema.safeParse(told(form, signal).json).error?.issues).toBeUndefined()
  })

  it('is the same for every reason and status that there is, with what they mean', () => {
    const reasons = [
      'opened',
      'updated',
      'raised',
      'repeat',
      'escalated',
      'acknowledged',
      'archived',
      'replayed',
      'digest',
      'notice',
      'test',
    ] as const
    for (const reason of reasons satisfies readonly Reason[])
      for (const status of ['open', 'acknowledged', 'archived'] as const) {
        const { json } = told(form, { status }, { reason, rule: 'Archive' })
        expect(schema.safeParse(json).error?.issues).toBeUndefined()
      }
  })

  it('keeps large numbers exact, and shows what nobody sees as escapes', () => {
    const { body, json } = told(form, {
      event: { ...exec, exec: { file: { ...exec.exec.file, path: '/tmp/\u202e\u009b\ud800\n' } } },
    })
    expect(body).toContain('18446744073709551615')
    expect(body).not.toMatch(/[\u007f-\u009f\u202e]|\p{Surrogate}/u)
    expect(JSON.stringify(json)).toContain('\u202e')
  })

  it('has the same shape whatever attackers chose, and no character that nobody sees [case 45]', () => {
    const drawn = (text: string): string => writtenAs(form, hostileLetter(text))
    const harmless = shapeOf(JSON.parse(drawn('x')))
    for (const text of hostileValues) {
      const body = drawn(text)
      expect(body).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/u)
      if (text !== '') expect(shapeOf(JSON.parse(body)), text).toEqual(harmless)
    }
  })

  it('is shorter each time that it was refused', () => {
    const event = { ...exec, exec: { ...exec.exec, argv: Array(200).fill('y'.repeat(500)) } }
    const sizes: number[] = []
    for (const tier of [0, 1, 2]) {
      const { body, json } = told(form, { event, group: { 'exec.args': 'z'.repeat(5_000) } }, {}, tier)
      expect(schema.safeParse(json).error?.issues).toBeUndefined()
      sizes.push(body.length)
    }
    expect(sizes[0]).toBeGreaterThan(100_000)
    expect(sizes[1]).toBeLessThan(30_000)
    expect(sizes[2]).toBeLessThan(3_000)
  })
})

it('native: shorter each time that it was refused, and says so', () => {
  const event = { ...exec, exec: { ...exec.exec, argv: Array(200).fill('y'.repeat(500)) } }
  const bodies = [1, 2].map((tier) => told('native', { event, group: { 'exec.args': 'z'.repeat(5_000) } }, {}, tier))
  expect(bodies[0]?.body.length).toBeLessThan(30_000)
  expect(bodies[1]?.body.length).toBeLessThan(3_000)
  for (const { json } of bodies) expect(json).toMatchObject({ kind: 'signal', severity: 'high', truncated: true })
})

describe('a text', () => {
  it.each(forms)('says that it is of the form %s, and its key, but for the native one', (form) => {
    for (const text of ['x', ...hostileValues]) {
      const letter = { ...hostileLetter(text), key: `${KEY} "\u2028"` }
      const body = writtenAs(form, letter)
      expect(formOf(body)).toBe(form)
      expect(keyIn(body)).toBe(form === 'native' ? undefined : letter.key)
    }
  })

  it('that was torn may become one again, another not', () => {
    for (const form of forms) {
      const body = writtenAs(form, letterOf({ event: exec }))
      for (const length of [1, 5, 20, 100]) expect(mayBecomeForm(body.slice(0, length))).toBe(true)
      expect(keyIn(body.slice(0, 100))).toBeUndefined()
    }
    for (const text of ['precious', '[', '{"kind":"status"', '{"@timestamp2":']) expect(mayBecomeForm(text)).toBe(false)
  })

  it.each(['{"specversion":7}', '{"category_uid":2,"metadata":null}', '{"@timestamp":1,"event":[]}', 'null', '{}', ''])(
    '%s has no key',
    (text) => {
      expect(keyIn(text)).toBeUndefined()
    },
  )

  it('has a media type', () => {
    expect(forms.map((form) => mediaTypeOf(writtenAs(form, letterOf({}))))).toEqual([
      'application/json; charset=utf-8',
      'application/cloudevents+json; charset=UTF-8',
      'application/json; charset=utf-8',
      'application/json; charset=utf-8',
    ])
  })
})

describe('what the forms say', () => {
  it('native: the line of the signal', () => {
    const { json } = told('native', { event: exec, count: 3 })
    expect(json).toMatchObject({ kind: 'signal', count: 3, event: { type: 'exec' } })
  })

  it('says how many less severe signals are part of it, if any are', () => {
    const { body, json } = told('cloudevents', {}, { kept: 3 })
    expect(json).toMatchObject({ kept: 3 })
    expect(cloudEvent.safeParse(JSON.parse(body)).success).toBe(true)
    expect(told('cloudevents', {}).json).not.toHaveProperty('kept')
  })

  it('cloudevents: the signal in an envelope', () => {
    const { json } = told('cloudevents', { event: exec, host: { name: 'web 1' } }, { reason: 'raised' })
    expect(json).toMatchObject({
      id: '01JDEXAMPLE0000000000000AA:1:siem',
      source: 'urn:cws:host:web%201',
      type: 'cws.signal.raised',
      subject: '01JDEXAMPLE0000000000000AA',
      severity: 'high',
      data: { kind: 'signal', id: '01JDEXAMPLE0000000000000AA', event: { exec: { file: { path: '/dev/shm/x' } } } },
    })
  })

  it.each([
    ['opened', 'open', 1, 1, true],
    ['updated', 'open', 2, 1, true],
    ['raised', 'open', 2, 1, true],
    ['acknowledged', 'acknowledged', 2, 2, false],
    ['archived', 'archived', 3, 4, false],
    ['replayed', 'open', 2, 1, true],
    ['test', 'open', 1, 1, true],
  ] as const)('ocsf: %s and %s', (reason, status, activity_id, status_id, is_alert) => {
    expect(told('ocsf', { status }, { reason }).json).toMatchObject({ activity_id, status_id, is_alert })
  })

  it('ocsf, ecs: the message of the notification rule, beside the rule’s own; the title once the body was refused', () => {
    const message = [{ type: 'paragraph', children: [{ type: 'text', text: 'Call Ada', value: false }] }] as const
    const said = { message: 'A shell was started.', title: 'Shell' }
    const [finding, document] = [told('ocsf', said, { message }), told('ecs', said, { message })]
    expect(finding.json).toMatchObject({ message: 'Call Ada', finding_info: { title: 'Shell', desc: 'A shell was started.' } })
    expect(document.json).toMatchObject({ message: 'Call Ada', event: { reason: 'A shell was started.' } })
    for (const form of ['ocsf', 'ecs'] as const)
      expect(told(form, said, { message, title: 'Shell' }, 1).json).toMatchObject({ message: 'Shell' })
  })

  it('ocsf: who did it, what ran, and how it is called there', () => {
    const { json } = told('ocsf', { event: exec, severity: 'critical', tags: ['mitre:T1059.004'] })
    expect(json).toMatchObject({
      severity_id: 5,
      type_uid: 200401,
      metadata: { uid: '01JDEXAMPLE0000000000000AA:1:siem' },
      finding_info: { uid: '01JDEXAMPLE0000000000000AA', attacks: [{ technique: { uid: 'T1059' }, sub_technique: { uid: 'T1059.004' } }] },
      remediation: { desc: 'Look at what it is.' },
      unmapped: { reason: 'opened', group: { 'exec.file.path': '/dev/shm/x' } },
    })
    expect((json['evidences'] as unknown[])[0]).toMatchObject({
      actor: { process: { pid: 7, name: 'nginx', file: { path: '/usr/sbin/nginx', type_id: 0 } } },
      process: {
        pid: 42,
        cmd_line: './x -a b',
        created_time: Date.parse('2025-11-24T16:00:00Z'),
        user: { name: 'root', uid: '0' },
        container: { uid: 'c0ffee' },
        parent_process: { pid: 7 },
      },
      file: {
        name: 'x',
        type_id: 1,
        hashes: [
          { algorithm_id: 3, value: '00ff' },
          { algorithm_id: 99, algorithm: 'blake3' },
        ],
      },
    })
    const [evidence] = told('ocsf', { event: unlink }).json['evidences'] as Record<string, unknown>[]
    expect(evidence).toMatchObject({ actor: { process: { pid: 8 } }, process: { pid: 8 }, file: { path: '/etc/passwd', size: 12 } })
  })

  it('all: who did it, of signals that the agent told', () => {
    const [evidence] = told('ocsf', ran).json['evidences'] as Record<string, unknown>[]
    expect(evidence).toMatchObject({
      actor: { process: { name: 'bash', pid: 27740, created_time: Date.parse('2026-11-30T04:07:05.469Z') } },
      process: {
        name: 'x',
        cmd_line: '/dev/shm/x one two',
        user: { name: 'root', uid: '0' },
        file: { path: '/dev/shm/x', type_id: 1, size: 35664 },
      },
      file: { path: '/dev/shm/x' },
    })
    expect(told('ecs', deleted).json).toMatchObject({
      event: { action: 'change', type: ['deletion'], category: ['intrusion_detection', 'file'] },
      process: {
        name: 'rm',
        command_line: 'rm /srv/shop/config/a.conf',
        start: '2026-11-30T04:07:22.409375606Z',
        parent: { name: 'bash' },
      },
      file: { path: '/srv/shop/config/a.conf', extension: 'conf' },
      threat: { technique: { id: ['T1565'], subtechnique: { id: ['T1565.001'] } } },
    })
  })

  it('ecs: who did it, what ran, and how it is called there', () => {
    const { json } = told('ecs', { event: exec, severity: 'critical', tags: ['mitre:T1059.004', 'mitre:T1190'] })
    expect(json).toMatchObject({
      event: { category: ['intrusion_detection', 'process'], type: ['start'], action: 'exec', severity: 4 },
      threat: { framework: 'MITRE ATT&CK', technique: { id: ['T1059', 'T1190'], subtechnique: { id: ['T1059.004'] } } },
      process: {
        pid: 42,
        args: ['./x', '-a', 'b'],
        args_count: 3,
        command_line: './x -a b',
        executable: '/dev/shm/x',
        start: '2025-11-24T16:00:00.000000001Z',
        user: { name: 'www-data', id: '33' },
        real_user: { name: 'root', id: '0' },
        parent: { pid: 7, name: 'nginx' },
      },
      user: { name: 'root' },
      file: { path: '/dev/shm/x', inode: '18446744073709551615', mode: '0755', hash: { sha256: '00ff' } },
      container: { id: 'c0ffee' },
      related: { user: ['root'] },
      cws: { reason: 'opened', signal: { count: 1 } },
    })
    expect(told('ecs', { event: unlink }).json).toMatchObject({
      event: { category: ['intrusion_detection', 'file'], type: ['deletion'] },
      file: { owner: 'root' },
    })
  })
})
