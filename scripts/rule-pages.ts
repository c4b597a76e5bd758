import { type AnyRule, conditionOf, printCondition, type RulePack, severities, standardEvents, type Trigger } from '@cws/core'

const FOLDER = 'docs/rules'
const WIDTH = 120

/** A page a rule, and the list of them, by path below the root. */
export function rulePages({ name, rules, triggers = {} }: RulePack, mark: string): Readonly<Record<string, string>> {
  const pages = rules.map((rule) => [`${FOLDER}/${rule.id}.md`, rulePage(rule, triggers[rule.id], mark)] as const)
  return { [`${FOLDER}/README.md`]: listPage(name, rules, mark), ...Object.fromEntries(pages) }
}

function listPage(name: string, rules: readonly AnyRule[], mark: string): string {
  const bySeverity = [...severities].reverse().map((severity) => [severity, rules.filter((rule) => rule.severity === severity)] as const)
  return [
    '# The rules that come with CWS',
    '',
    mark,
    '',
    `The ${rules.length} rules of \`${name}\`. \`cws rules list\` says which of them run on a host, [the language](../rule-language.md) what their conditions mean.`,
    '',
    ...bySeverity
      .filter(([, some]) => some.length > 0)
      .flatMap(([severity, some]) => [
        `## ${severity}`,
        '',
        ...some.map(({ id, name: title, on }) => `- [${id}](${id}.md): ${title} (\`${on}\`)`),
        '',
      ]),
  ].join('\n')
}

function rulePage(rule: AnyRule, trigger: Trigger | undefined, mark: string): string {
  const { id, name, severity, on, message, advice, benign = [], tags = [], groupBy = [] } = rule
  return [
    `# ${name}`,
    '',
    mark,
    '',
    `\`${id}\`, severity **${severity}**, on [\`${on}\`](../events.md#${on.replaceAll('.', '')})`,
    '',
    ...(tags.length > 0 ? [tags.map(tagText).join(' · '), ''] : []),
    '## What it says',
    '',
    message,
    '',
    ...(advice ? ['## What to do', '', advice, ''] : []),
    ...(benign.length > 0 ? ['## Known harmless causes', '', ...benign.map((each) => `- ${each}`), ''] : []),
    '## When it fires',
    '',
    '```',
    ...conditionLines(rule),
    '```',
    '',
    ...('when' in rule ? ['Besides, a function in the source of the rule must hold.', ''] : []),
    ...(groupBy.length > 0 ? [`Findings with the same ${groupBy.map((field) => `\`${field}\``).join(', ')} are one signal.`, ''] : []),
    '## To try it, to quiet it',
    '',
    ...trialLines(id, trigger),
    '',
    '`cws rules except SIGNAL-ID` writes the exception that would have kept a signal of it away. Off, or of another severity, in the configuration:',
    '',
    '```',
    `tune: { '${id}': 'off' }`,
    `tune: { '${id}': { severity: 'low' } }`,
    '```',
    '',
    ...caseLines(rule),
  ].join('\n')
}

function trialLines(id: string, trigger: Trigger | undefined): readonly string[] {
  if (trigger === undefined) return ['Its pack names nothing that has it fire: `cws rules simulate` leaves it out.']
  return trigger.harm === undefined
    ? [`\`sudo cws rules simulate ${id}\` does something harmless that it must tell of.`]
    : [`\`cws rules simulate\` refuses to have it fire on a host that matters: ${trigger.harm}. It is tried in the tests of CWS.`]
}

function tagText(tag: string): string {
  const [, technique, sub] = /^mitre:(T\d+)(?:\.(\d+))?$/.exec(tag) ?? []
  const path = sub === undefined ? technique : `${technique}/${sub}`
  return technique === undefined ? `\`${tag}\`` : `[${tag}](https://attack.mitre.org/techniques/${path}/)`
}

/** One operand of the outermost operator a line, where the whole is too long for one. */
function conditionLines({ on, where }: AnyRule): readonly string[] {
  const scope = standardEvents.find(({ type }) => type === on)
  if (!scope) throw new Error(`no event type ${on}`)
  const condition = conditionOf(where as string, scope)
  const whole = printCondition(condition)
  if (whole.length <= WIDTH || (condition.op !== 'and' && condition.op !== 'or')) return [whole]
  return condition.of.map((part, i) => {
    const text = printCondition(part)
    const grouped = part.op === 'and' || part.op === 'or' ? `(${text})` : text
    return i === 0 ? grouped : `${condition.op === 'and' ? '&&' : '||'} ${grouped}`
  })
}

function caseLines({ tests }: AnyRule): readonly string[] {
  const lines = (title: string, cases: readonly object[] = []) =>
    cases.length === 0 ? [] : [`## ${title}`, '', '```json', ...cases.map((one) => JSON.stringify(one, big)), '```', '']
  return [...lines('It fires on', tests?.fires), ...lines('It is silent on', tests?.silent)]
}

const big = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
