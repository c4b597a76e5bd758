import { readFileSync } from 'node:fs'
import {
  type CheckedRule,
  CwsError,
  type Decision,
  decidersOf,
  decisionOf,
  type EventDefinition,
  messageOf,
  nearest,
  UNKNOWN,
} from '@cws/core'
import {
  type Command,
  type ConfigOption,
  configOption,
  type Distribution,
  type FolderOptions,
  type FormatOption,
  formatOption,
  json,
  line,
  runDirOption,
  stateDirOption,
  styled,
  type Workbench,
  withOptions,
  workbench,
} from '@cws/core/cli'
import type { Given } from '../evaluate/given.ts'
import { parseWithLongs } from '../evaluate/question.ts'
import { storedSignal } from '../except/stored.ts'
import { eventOfJson } from '../explain/event-of-json.ts'
import { plain, tellDecision } from '../explain/tell.ts'
import { rulesOf } from './rules-of.ts'

interface Options extends ConfigOption, FolderOptions, FormatOption {
  readonly file?: readonly string[]
}

const MAX_EVENT = 16 * 1024 * 1024

const EXAMPLES = `
An event is JSON: fields by name as in the cases of rules, a line of \`cws events --format json\`, or a signal's event. ▸ marks the parts that decide. Rules
are those that run: with the configuration's changes, their exceptions among them.

Examples:
  sudo cws rules explain 01KB6QRD4V5N0ZK3W8F2T9XHMC              a signal: why its rule fired
  cws rules explain shell-from-web-server event.json             a rule on an event: why it fires, or not
  echo '{"exec.file.name": "sh"}' | cws rules explain shell-from-web-server -
  cws rules explain --file ./rules/mine.ts my-rule event.json    a rule of a file`

export function explainCommand(rules: Command, distribution: Distribution): void {
  const command = rules
    .command('explain <rule-or-signal> [event]')
    .summary('say why a rule fires on an event, or why a signal came')
    .description(
      'Says which parts of a condition decided, field by field, with the values: of a rule on an event, or of the rule of a stored signal.',
    )
    .option('-f, --file <file>', 'take the rule from this file; may be repeated', (file: string, others: readonly string[] = []) => [
      ...others,
      file,
    ])
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), stateDirOption(), runDirOption(), formatOption('human')).action(
    async (name: string, eventFile: string | undefined, options: Options) => {
      await using bench = await workbench(options, distribution)
      const loaded = await rulesOf(options.file ?? [], bench)
      const { rule, event } =
        eventFile === undefined
          ? await ofSignal(name, loaded.rules, bench, options)
          : ofFile(ruleNamed(name, loaded.rules), eventFile, bench.model.get)
      const decision = decisionOf(rule.condition, event)
      const fires = fired(rule, decision)
      if (options.format === 'json') json(JSON.parse(JSON.stringify({ rule: rule.id, on: rule.on, fires, decision }, plain)))
      else tell(rule, decision, fires)
    },
  )
}

interface Subject {
  readonly rule: CheckedRule
  readonly event: Given
}

function ofFile(rule: CheckedRule, file: string, find: (type: string) => EventDefinition): Subject {
  const text = readFileSync(file === '-' ? 0 : file, 'utf8')
  if (text.length > MAX_EVENT) throw new CwsError('CWS_ERR_USAGE', `the event is longer than ${MAX_EVENT} characters`)
  let parsed: unknown
  try {
    parsed = parseWithLongs(text)
  } catch (error) {
    throw new CwsError('CWS_ERR_USAGE', `${file} is no JSON: ${messageOf(error)}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new CwsError('CWS_ERR_USAGE', `${file}: an event is an object`)
  const given = parsed as Readonly<Record<string, unknown>>
  const definition = find(rule.on)
  // A whole signal will do.
  const about = given['kind'] === 'signal' ? (given['event'] as typeof given) : given
  try {
    return { rule, event: eventOfJson(about, definition) }
  } catch (error) {
    throw new CwsError('CWS_ERR_USAGE', `${file}: ${messageOf(error)}`)
  }
}

async function ofSignal(id: string, rules: readonly CheckedRule[], { model }: Workbench, options: FolderOptions): Promise<Subject> {
  const { signal, event } = await storedSignal(id, options, model)
  const rule = ruleNamed(signal.rule.id, rules)
  return { rule, event }
}

function ruleNamed(id: string, rules: readonly CheckedRule[]): CheckedRule {
  const rule = rules.find((one) => one.id === id)
  if (rule) return rule
  const guess = nearest(
    id,
    rules.map((one) => one.id),
  )
  throw new CwsError('CWS_ERR_USAGE', `no rule "${id}" runs${guess ? `; did you mean "${guess}"?` : ''}`)
}

/** Null where nobody knows; what a function in the rule says is not asked. */
function fired({ when }: CheckedRule, { truth }: Decision): boolean | null {
  return truth === UNKNOWN || (truth === true && when) ? null : truth
}

function tell(rule: CheckedRule, decision: Decision, fires: boolean | null): void {
  const { truth } = decision
  const word = truth === UNKNOWN ? 'is UNKNOWN, and does not fire' : fires ? 'fires' : truth ? 'holds' : 'does not fire'
  line(styled('bold', rule.id), word)
  tellDecision(decision)
  if (truth === true && rule.when) line('The rule has a function besides, `when`, which is not explained: it fires if that holds too.')
  if (truth === UNKNOWN) {
    const missing = decidersOf(decision).flatMap(({ values }) => Object.keys(values).filter((name) => values[name] === UNKNOWN))
    if (missing.length > 0) line(`What nobody knows decides: ${[...new Set(missing)].join(', ')}`)
  }
}
