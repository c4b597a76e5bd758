import { describe, expect, it, vi } from 'vitest'
import type { Document } from '../../src/messages/document.ts'
import { lengthOf } from '../../src/messages/plain-of.ts'
import { renderPlain } from '../../src/messages/render-plain.ts'
import { compileTemplate } from '../../src/messages/template.ts'
import { signalScope } from '../../src/signals/scope.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { opened, shellSignal } from '../fixtures/shell-signal.ts'
import { sketch } from '../fixtures/sketch.ts'

const scope = signalScope()
const documentOf = (template: string, signal: Signal = shellSignal): Document => compileTemplate(template, scope).render(signal, opened)
const plain = (template: string, signal?: Signal): string => renderPlain(documentOf(template, signal))
const withArgs = (args: string): Signal => ({ ...shellSignal, event: { ...shellSignal.event, process: { args, argv: [args] } } })
const withCount = (count: number): Signal => ({ ...shellSignal, count })

describe('variables', () => {
  it.each([
    ['{{severity}} {{severity_number}} {{status}} {{count}} {{events_matched}}', 'high 3 open 12 12'],
    [
      '{{rule_id}} {{rule.name}} {{host.name}} {{signal_id}}',
      'shell-of-web-server A web server started a shell web-1 01JDXQ0000000000000000000A',
    ],
    ['{{first_seen}} {{last_seen_epoch}}', '2026-11-30T03:00:00.123456789Z 1796007900000'],
    ['{{reason}} {{notification}} {{event_type}} {{tags}}', 'opened on-call exec mitre:T1505.003, service:shop'],
    [
      '{{@process.file.path}} {{@process.pid}} {{@process.argv}} {{@process.argv.[1]}} {{@process.argv.[9]}}',
      '/bin/sh 99 -c, id id (unknown)',
    ],
    ['{{@process.created_at}} {{@process.file.inode}} {{@process.file.path.length}}', '2026-11-30T02:59:59.000000001Z 12 7'],
    ['{{@process.ancestors.comm}} {{@process.ancestors.length}} {{@process.args_flags}}', 'nginx, systemd 2 c'],
    ['{{@process.tty_name}} {{@open.file.path}}', '(unknown) (unknown)'],
    ['{{service.name}} {{team.name}} {{[mitre].name}} {{tag "service"}} {{env.name}}', 'shop web T1505.003 shop (unknown)'],
    ['{{message}}', '/bin/sh -c id was started by nginx.'],
  ])('%s', (template, text) => {
    expect(plain(template)).toBe(text)
  })

  it('what the rule has between backticks is code', () => {
    expect(documentOf('It says: {{message}}')).toEqual([
      {
        type: 'paragraph',
        children: [
          { type: 'text', text: 'It says: ', value: false },
          { type: 'code', children: [{ type: 'text', text: '/bin/sh -c id', value: true }] },
          { type: 'text', text: ' was started by nginx.', value: true },
        ],
      },
    ])
  })
})

describe('blocks', () => {
  it.each([
    ['{{#if @process.args}}a{{else}}b{{/if}}{{#if @process.tty_name}}c{{else if count}}d{{/if}}', 'ad'],
    ['{{#unless @container.id}}on the host{{/unless}}{{^if @container.id}}!{{/if}}', 'on the host!'],
    ['{{#is_match "severity" "hi" "crit"}}1{{/is_match}}{{#is_match "severity" "low"}}2{{else}}3{{/is_match}}', '13'],
    ['{{^is_match "severity" "low"}}1{{/is_match}}{{^is_exact_match "severity" "high"}}2{{/is_exact_match}}', '1'],
    [
      '{{#is_exact_match "@process.file.path" "/bin/sh"}}1{{/is_exact_match}}{{#is_exact_match "host.name" "web"}}2{{/is_exact_match}}',
      '1',
    ],
    [
      '{{#is_match "tags" "T1505"}}1{{/is_match}}{{#is_exact_match "env.name" ""}}2{{/is_exact_match}}{{#is_match "service.name" ""}}3{{/is_match}}',
      '12',
    ],
    ['{{#if (and advice (not @container.id))}}1{{/if}}{{#if (or @container.id (eval "count > 20"))}}2{{/if}}', '1'],
    ['{{#each tags}}{{@number}}/{{@index}} {{this}}{{#unless @last}}, {{/unless}}{{/each}}', '1/0 mitre:T1505.003, 2/1 service:shop'],
    ['{{#each @process.argv as |arg i|}}{{i}}={{arg}} {{/each}}', '0=-c 1=id'],
    [
      '{{#each @process.ancestors}}{{this.comm}} {{pid}} {{this.argv}} {{host.name}}; {{/each}}',
      'nginx 50 -g, daemon off; web-1; systemd 1 (unknown) web-1;',
    ],
    [
      '{{#each @process.ancestors as |a|}}{{#each a.argv}}{{a.comm}}:{{../this.pid}}:{{this}} {{/each}}{{/each}}',
      'nginx:50:-g nginx:50:daemon off;',
    ],
    ['{{#each @process.envs}}x{{else}}none{{/each}}', 'none'],
  ])('%s', (template, text) => {
    expect(plain(template)).toBe(text)
  })

  it('what is between raw braces stands as it is [case 41]', () => {
    expect(plain('{{{{raw}}}}{{severity}} {{#if{{{{/raw}}}} \\{{severity}}')).toBe('{{severity}} {{#if {{severity}}')
  })

  it('a line that holds a block alone leaves no empty line', () => {
    expect(plain('{{#each tags}}\n- {{this}}\n{{/each}}\n{{! nothing }}\n')).toBe('- mitre:T1505.003\n- service:shop')
  })
})

describe('helpers', () => {
  it.each([
    [
      '{{eval "first_seen_epoch-15*60*1000"}} {{eval "(count + 1) % 5 / 2"}} {{eval "count >= 12 && !(count == 3)"}} {{eval "title * 2"}}',
      '1796006700123 1.5 true (unknown)',
    ],
    ['{{eval "-@process.pid * 2"}} {{eval "1/0"}} {{eval "0.1+0.2"}}', '-198 (unknown) 0.3'],
    [
      '{{local_time "last_seen" "Europe/Paris"}} {{local_time "first_seen" "Asia/Kolkata"}} {{local_time "last_seen" "UTC"}}',
      '2026-11-30T04:05:00+01:00 2026-11-30T08:30:00+05:30 2026-11-30T03:05:00+00:00',
    ],
    ['{{local_time "@process.created_at" "UTC"}} {{local_time "title" "UTC"}}', '2026-11-30T02:59:59+00:00 (unknown)'],
    ['{{urlencode "rule_name"}} {{urlencode "@process.file.path"}}', 'A%20web%20server%20started%20a%20shell %2Fbin%2Fsh'],
    ['{{default @process.tty_name "no terminal"}} {{default severity "x"}} {{default (upper @container.id) 5}}', 'no terminal high 5'],
    [
      '{{join tags " + "}} {{count tags}} {{upper severity}} {{lower "ABC"}} {{truncate rule_name 5}}',
      'mitre:T1505.003 + service:shop 2 HIGH abc A web…(+23)',
    ],
  ])('%s', (template, text) => {
    expect(plain(template)).toBe(text)
  })

  it('a mention is a node of its own, and known before anything is rendered', () => {
    const template = compileTemplate(
      '{{#if advice}}{{#unless advice}}{{mention "pager" "x"}}{{else}}{{mention "slack" "S012"}}{{/unless}}{{/if}} {{mention "slack" "S012"}}{{mention "teams" "a@b.example"}}',
      scope,
    )
    expect(template.mentions).toEqual([
      { channel: 'pager', id: 'x' },
      { channel: 'slack', id: 'S012' },
      { channel: 'teams', id: 'a@b.example' },
    ])
    expect(template.render(shellSignal, opened)).toEqual([
      {
        type: 'paragraph',
        children: [
          { type: 'mention', channel: 'slack', id: 'S012' },
          { type: 'text', text: ' ', value: false },
          { type: 'mention', channel: 'slack', id: 'S012' },
          { type: 'mention', channel: 'teams', id: 'a@b.example' },
        ],
      },
    ])
  })
})

it('a template knows which fields it reads', () => {
  const template = compileTemplate(
    '{{#each @process.ancestors}}{{this.comm}}{{/each}}{{#is_match "@exec.file.path.length" "1"}}{{@open.filename}}{{/is_match}}{{title}}',
    scope,
  )
  expect(template.fields).toEqual(['process.ancestors.length', 'process.ancestors.comm', 'exec.file.path', 'open.file.path'])
  expect(compileTemplate('{{details}}', scope).fields).toContain('process.ancestors.file.name')
})

describe('values', () => {
  it('that spell templates, Markdown or tokens are text [case 43]', () => {
    for (const args of [
      '{{severity}}',
      '[x](https://evil.example)',
      '**b** `c` <b> # h',
      'https://evil.example',
      '![](http://evil/p)',
      '&lt;',
      'Zq0x0q',
    ])
      expect(documentOf('a {{@process.args}}', withArgs(args))).toEqual([
        {
          type: 'paragraph',
          children: [
            { type: 'text', text: 'a ', value: false },
            { type: 'text', text: args, value: true },
          ],
        },
      ])
  })

  it('are of one line, show what is invisible, and are cut between graphemes', () => {
    expect(plain('{{@process.args}}', withArgs('a\nb\u202e\u001b[2J'))).toBe('a\\u{a}b\\u{202e}\\u{1b}[2J')
    expect(plain('{{@process.argv.[0]}}', withArgs(`${'x'.repeat(255)}e\u0301${'y'.repeat(10)}`))).toBe(`${'x'.repeat(255)}…(+12)`)
    expect(plain('{{@process.argv.[0]}}', withArgs(`${'x'.repeat(255)}😀y`))).toBe(`${'x'.repeat(255)}…(+3)`)
  })

  it('in the URL of a link are encoded, and change nothing but their own place [case 51]', () => {
    const link = '[look](https://corp.example/s/{{@process.args}}/x?q={{urlencode "@process.args"}}#{{@process.args}})'
    expect(plain(link, withArgs('a/../b?c#d@e\\'))).toBe(
      'look (https://corp.example/s/a%2F..%2Fb%3Fc%23d%40e%5C/x?q=a%2F..%2Fb%3Fc%23d%40e%5C#a%2F..%2Fb%3Fc%23d%40e%5C)',
    )
    // Dots alone would be a step up: the link is left out.
    for (const args of ['..', '.', '%2e%2e/..'.slice(7)]) expect(plain(link, withArgs(args))).toBe('look')
  })
})

describe('Markdown', () => {
  it('makes the tree', () => {
    const template =
      '## {{severity}}\n\na *b* **c**\nd\\\ne\n\n1. x\n2. y\n   - z\n\n> q\n\n```sh\n{{@process.args}}\n  i\n```\n<https://corp.example/{{rule_id}}>'
    expect(sketch(documentOf(template))).toBe(
      '[h2 $high$][p a [emphasis b] [strong c]/d/e][ol [li [p x]][li [p y][ul [li [p z]]]]][quote [p q]][code $-c id$\n  i]' +
        '[p [link https://corp.example/shell-of-web-server https://corp.example/$shell-of-web-server$]]',
    )
  })

  it('HTML, indented text and definitions are text', () => {
    expect(plain('{{#if count}}\n    <b>x</b> a < b\n{{/if}}\n\n[x]: http://corp.example')).toBe(
      '<b>x</b> a < b\n\n[x]: http://corp.example',
    )
  })
})

describe('bounds', () => {
  const many = (n: number): Signal => ({ ...shellSignal, tags: Array.from({ length: n }, (_, i) => `t:${i}`) })

  it.each([
    [30_000, 20_000, false],
    [30_000, 20_001, true],
    [50_001, 0, true],
  ])('%i µs of the processor and %i of the kernel for it are too many: %o [case 44]', (user, system, isOver) => {
    const template = compileTemplate('{{#each tags}}{{this}}{{/each}}', scope)
    using spent = vi.spyOn(process, 'threadCpuUsage').mockReturnValue({ user: 7_000 + user, system: 9_000 + system })
    spent.mockReturnValueOnce({ user: 7_000, system: 9_000 })
    const render = () => template.render(shellSignal, opened)
    if (isOver) expect(render).toThrow(expect.objectContaining({ code: 'CWS_ERR_TEMPLATE', message: expect.stringContaining('50 ms') }))
    else expect(renderPlain(render())).toBe('mitre:T1505.003service:shop')
  })

  it('loops end at 1,000 turns, all together [case 44]', () => {
    const loops = '{{#each tags}}{{#each tags}}x{{/each}}{{/each}}'
    expect(plain(loops, many(30))).toBe('x'.repeat(900))
    expect(() => documentOf(loops, many(45))).toThrow(
      expect.objectContaining({ code: 'CWS_ERR_TEMPLATE', message: expect.stringContaining('1000 times') }),
    )
  })

  it('a template makes at most 20,480 characters of Markdown', () => {
    expect(() => documentOf(`{{#each tags}}${'x'.repeat(100)} {{/each}}`, many(900))).toThrow('20480 characters of Markdown')
  })

  it('a message of more than 65,536 characters is cut where its mark-up stays whole', () => {
    const long = documentOf('- **a {{@process.args}}**\n{{#each tags}}\n- *{{@process.args}}*\n{{/each}}', {
      ...many(200),
      event: { process: { args: 'y'.repeat(500) } },
    })
    expect(lengthOf(long)).toBeLessThan(65_600)
    expect(sketch(long, false)).toBe(`[ul [li [p [strong a $]]]${'[li [p [emphasis $]]]'.repeat(131)}][p … the rest is left out]`)
    expect(renderPlain(long)).toMatch(/y…\(\+\d+\)\n\n… the rest is left out$/)
  })

  it('an error at a signal says whose template it was', () => {
    const template = compileTemplate('{{#each tags}}x{{/each}}', scope, 'notification "on-call"')
    expect(() => template.render(many(1001), opened)).toThrow('notification "on-call": the template loops more than 1000 times')
    expect(template.render(withCount(1), opened)).toHaveLength(1)
  })
})
