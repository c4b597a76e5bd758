import { expect, it } from 'vitest'
import type { CwsError } from '../../src/errors/cws-error.ts'
import { compileTemplate } from '../../src/messages/template.ts'
import { signalScope } from '../../src/signals/scope.ts'

const scope = signalScope()

function refusal(template: string): CwsError {
  try {
    compileTemplate(template, scope)
  } catch (error) {
    return error as CwsError
  }
  throw new Error(`nothing was refused: ${template}`)
}

const cases: readonly (readonly [template: string, line: number, column: number, message: string])[] = [
  ['a\n {{@process.file.pth}}', 2, 4, 'there is no field "@process.file.pth"; did you mean "process.file.path"?'],
  ['{{severty}}', 1, 3, 'there is no variable "severty"; did you mean "severity"?'],
  ['{{hots.name}}', 1, 3, 'there is no variable "hots.name"; did you mean "host.name"?'],
  ['{{process.pid}}', 1, 3, 'a field of the event is written {{@process.pid}}'],
  ['{{process.name}}', 1, 3, 'a field of the event is written {{@process.name}}'],
  ['{{@severity}}', 1, 3, 'the variable is written {{severity}}'],
  ['{{@process.pid.[0]}}', 1, 3, 'process.pid is no list'],
  ['{{@process.ancestors}}', 1, 1, 'is a list of blocks: go over it with {{#each}}'],
  ['{{{severity}}}', 1, 1, '{{{…}}}'],
  ['{{&severity}}', 1, 1, '{{&…}}'],
  ['{{> p}}', 1, 1, 'partials'],
  ['{{#> p}}{{/p}}', 1, 1, 'partials'],
  ['{{#*inline "x"}}{{/inline}}', 1, 1, 'inline partials'],
  ['{{* d}}', 1, 1, 'decorators'],
  ['{{log severity}}', 1, 3, '"log"'],
  ['{{lookup tags 1}}', 1, 3, '"lookup"'],
  ['{{#with severity}}{{/with}}', 1, 4, '"with"'],
  ['{{constructor}}', 1, 3, '"constructor"'],
  ['{{@process.__proto__.x}}', 1, 3, '"__proto__"'],
  ['{{@process.prototype}}', 1, 3, '"prototype"'],
  ['{{helperMissing}}', 1, 3, '"helperMissing"'],
  ['{{blockHelperMissing}}', 1, 3, '"blockHelperMissing"'],
  ['{{toString}}', 1, 3, 'there is no variable "toString"'],
  ['{{hasOwnProperty "x"}}', 1, 3, 'there is no helper "hasOwnProperty"'],
  ['{{default severity b="c"}}', 1, 20, 'named arguments (b=…)'],
  ['{{default severity null}}', 1, 20, 'null is no value'],
  ['{{5}}', 1, 3, 'a name was expected'],
  ['{{"severity"}}', 1, 3, 'a name was expected'],
  ['{{upper (upper (upper (upper (upper severity))))}}', 1, 30, 'helpers in helpers nest deeper than 3'],
  [`${'{{#if count}}'.repeat(9)}${'{{/if}}'.repeat(9)}`, 1, 105, 'blocks nest deeper than 8'],
  [`${'{{#if a}}'.repeat(1000)}${'{{/if}}'.repeat(1000)}`, 1, 73, 'blocks nest deeper than 8'],
  ['{{severity}}'.repeat(251), 1, 3001, 'at most 500 parts'],
  ['x'.repeat(16_385), 1, 1, 'at most 16384 characters'],
  ['{{#if a}}'.repeat(5000), 1, 1, 'at most 16384 characters'],
  ['a\u001bb', 1, 2, 'a controlling character, \\u{1b}'],
  ['a \u202eb', 1, 3, 'a controlling character, \\u{202e}'],
  ['{{#if}}', 1, 8, 'something is not closed'],
  ['a\n\nb {{#if count}}x', 3, 17, 'something is not closed'],
  ['a\nb {{#if count}}x{{/unless}}', 2, 6, "if doesn't match unless"],
  ['a {{severity', 1, 5, 'does not parse'],
  ['a\n{{severity%}}', 2, 3, 'does not parse'],
  ['{{#iff count}}{{/iff}}', 1, 1, 'there is no block "iff"; did you mean "if"?'],
  ['{{#severity}}{{/severity}}', 1, 1, 'there is no block "severity"'],
  ['{{#if count tags}}{{/if}}', 1, 1, 'if takes one value, but 2 came'],
  ['{{#each severity}}{{/each}}', 1, 9, 'each: this is no list'],
  ['{{#if count as |x|}}{{/if}}', 1, 1, '"as |…|" belongs to {{#each}}'],
  ['{{#each tags}}{{this.x}}{{/each}}', 1, 17, 'the elements of this loop have no "x"'],
  ['{{#each @process.ancestors}}{{this.comn}}{{/each}}', 1, 31, 'have no "comn"; did you mean "comm"?'],
  ['{{#each @process.ancestors}}{{this}}{{/each}}', 1, 31, 'name a field of it'],
  ['{{this}}', 1, 3, 'outside a loop there is no element'],
  ['{{../severity}}', 1, 3, '"../" leads out of a loop'],
  ['{{@index}}', 1, 3, 'there is no field "@index"'],
  ['{{{{verbatim}}}}x{{{{/verbatim}}}}', 1, 1, 'there is no raw block "verbatim"'],
  ['{{uper severity}}', 1, 3, 'there is no helper "uper"; did you mean "upper"?'],
  ['{{upper}}', 1, 3, 'upper needs something'],
  ['{{upper severity tags}}', 1, 3, 'upper takes 1 value, but 2 came'],
  ['{{count severity}}', 1, 9, 'count: this is no list'],
  ['{{truncate severity 0}}', 1, 21, 'a number from 1 to 4096'],
  ['{{#is_match "severity"}}{{/is_match}}', 1, 4, 'at least one text'],
  ['{{#is_match "severty" "x"}}{{/is_match}}', 1, 14, 'did you mean "severity"?'],
  ['{{#is_match "severity" title}}{{/is_match}}', 1, 24, 'written between quotes'],
  ['{{eval "count + "}}', 1, 17, 'missing at the end'],
  ['{{eval "count ** 2"}}', 1, 16, '"*" came'],
  ['{{eval "count + cuont"}}', 1, 17, 'did you mean "count"?'],
  ['{{eval "process.exit(1)"}}', 1, 9, 'there is no variable "process.exit"'],
  [`{{eval "${'('.repeat(40)}1${')'.repeat(40)}"}}`, 1, 41, 'nested deeper than 32'],
  ['{{eval count}}', 1, 3, 'written between quotes'],
  ['{{local_time "last_seen" "Europe/Pariss"}}', 1, 26, 'did you mean "Europe/Paris"?'],
  ['{{mention "slack" host.name}}', 1, 19, 'written between quotes'],
  ['{{mention "slack" "S1> <!channel"}}', 1, 19, 'letters, digits'],
  ['{{mention "Slack!" "S1"}}', 1, 11, 'no kind of channel'],
  ['{{upper details}}', 1, 9, 'this is no value'],
  ['a\n\n![x](http://corp.example/x)', 3, 1, 'a message has no images'],
  ['a\n\n---\n', 3, 1, 'a message has no lines across'],
  ['{{severity}} and [x]({{rule_id}})', 1, 18, 'a link begins with http:// or https://'],
  ['[x](javascript:alert)', 1, 1, 'a link begins with'],
  ['[x](https://{{host.name}}/)', 1, 1, 'a link begins with'],
  ['[x](https://corp.example{{host.name}})', 1, 1, 'a link begins with'],
  ['[x](https://u@corp.example/)', 1, 1, 'a link begins with'],
  ['{{#if advice}}ok{{else}}[x](ftp://corp.example){{/if}}', 1, 25, 'a link begins with'],
  ['{{#if advice}}{{#if count}}ok{{else}}{{#each tags}}![x](http://corp.example){{/each}}{{/if}}{{/if}}', 1, 52, 'no images'],
  ['```{{severity}}\nx\n```', 1, 1, 'cannot name the language of code'],
  ['[x](https://corp.example "{{title}}")', 1, 1, 'in the title of a link'],
  ['a {{details}} b', 1, 3, '{{details}} stands in a paragraph of its own'],
  ['`{{process_tree}}`', 1, 2, '{{process_tree}} stands in a paragraph of its own'],
  ['`{{mention "slack" "S1"}}`', 1, 2, 'a mention cannot stand in code'],
  ['{{events_matched_per_query.a}}', 1, 3, 'there is no variable "events_matched_per_query.a"'],
]

it.each(cases.map((each) => [each[0].slice(0, 60), ...each] as const))(
  '%j is refused [case 38] [case 40]',
  (_, template, line, column, message) => {
    const error = refusal(template)
    expect(error.message).toContain(message)
    expect({ code: error.code, line: error.line, column: error.column }).toEqual({ code: 'CWS_ERR_TEMPLATE', line, column })
    expect(error.frame).toContain('^')
  },
)
