import { helpers } from '../core/src/messages/language/helpers.ts'
import { blockVariables, variables } from '../core/src/messages/language/variables.ts'

/** docs/templates.md with its lists of names and helpers as they are declared; all else in it is written by hand. */
export function templatesPage(page: string): string {
  return filled(filled(page, 'variables', variableLines()), 'helpers', helperLines())
}

function filled(page: string, name: string, lines: readonly string[]): string {
  const mark = `<!-- ${name}: made by \`npm run docs\` -->`
  const start = page.indexOf(mark)
  const end = page.indexOf('<!-- end -->', start)
  if (start < 0 || end < 0) throw new Error(`docs/templates.md has no place for its ${name}`)
  return `${page.slice(0, start + mark.length)}\n${lines.join('\n')}\n${page.slice(end)}`
}

function variableLines(): string[] {
  return [
    '',
    '| name | what it is |',
    '|---|---|',
    ...Object.entries(variables).map(([name, { doc, list }]) => `| \`{{${name}}}\` | ${doc}${list ? '; a list' : ''} |`),
    '',
    'These stand in a paragraph of their own:',
    '',
    '| name | what it is |',
    '|---|---|',
    ...Object.entries(blockVariables).map(([name, { doc }]) => `| \`{{${name}}}\` | ${doc} |`),
    '',
  ]
}

function helperLines(): string[] {
  return ['', ...Object.values(helpers).map(({ usage, doc, condition }) => `- \`${usage}\`${condition ? ' (condition)' : ''}: ${doc}`), '']
}
