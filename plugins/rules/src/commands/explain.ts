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
  type Signal,
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
import type { CheckedDetection } from '../detections/check.ts'
import type { Given } from '../evaluate/given.ts'
import { parseWithLongs } from '../evaluate/question.ts'
import { storedSignal } from '../except/stored.ts'
import { tellConclusion, wordsOf } from '../explain/conclusion.ts'
import { eventOfJson } from '../explain/event-of-json.ts'
import { plain, tellDecision } from '../explain/tell.ts'
import { askWhen, type WhenDecision } from '../explain/when.ts'
import type { Loaded } from '../load.ts'
import { rulesOf } from './rules-of.ts'

interface Options extends ConfigOption, FolderOptions, FormatOption {
  readonly file?: readonly string[]
}

const MAX_EVENT = 16 * 1024 * 1024

const EXAMPLES = `
An event is JSON: fields by name as in the cases of rules, a line of \`cws events --format json\`, or a signal's event. ▸ marks the parts that decide. Rules
are those that run: with the configuration's changes, their exceptions among them.

Examples:
  sudo cws rules explain 01KB6QRD4V5N0ZK3W8F2T9XHMC              a signal: why its rule fired, or from what a detection concluded it
  cws rules explain shell-from-web-server event.json             a rule on an event: why it fires, or not
  echo '{"exec.file.name": "sh"}' | cws rules explain shell-from-web-server -
  cws rules explain --file ./rules/mine.ts my-rule event.json    a rule of a file`

export function explainCommand(rules: Command, distribution: Distribution): void {
  const command = rules
    .command('explain <rule-or-signal> [event]')
    .summary('say why a rule fires on an event, or why a signal came')
    .description(
      'Says which parts of a condition decided, field by field, with the values: of a rule on an event, or of the rule of a stored signal. Of one that a detection concluded it says from which findings.',
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
      if (eventFile !== undefined) {
        explain(ofFile(ruleNamed(name, loaded), eventFile, bench.model.get), bench, options)
        return
      }
      const { signal, event } = await storedSignal(name, options, bench.model)
      if (signal.findings) explainConclusion(signal, loaded.detections, options)
      else explain({ rule: ruleNamed(signal.rule.id, loaded), event }, bench, options)
    },
  )
}

/** A rule on an event. */
function explain({ rule, event }: Subject, bench: Workbench, { format }: FormatOption): void {
  const decision = decisionOf(rule.condition, event)
  const when = askWhen(rule, decision, event, bench)
  const truth = when?.truth ?? decision.truth
  const fires = truth === UNKNOWN ? null : truth
  if (format === 'json') json(JSON.parse(JSON.stringify({ rule: rule.id, on: rule.on, fires, decision, when }, plain)))
  else tell(rule, decision, when, fires)
}

/** A signal that a detection concluded. */
function explainConclusion(signal: Signal, detections: readonly CheckedDetection[], { format }: FormatOption): void {
  const detection = detections.find(({ id }) => id === signal.rule.id)
  const looksFor = detection ? wordsOf(detection) : null
  if (format === 'json') json({ detection: signal.rule.id, looks_for: looksFor, group: signal.group, findings: signal.findings })
  else tellConclusion(signal, looksFor)
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

function ruleNamed(id: string, { rules, detections }: Pick<Loaded, 'rules' | 'detections'>): CheckedRule {
  const rule = rules.find((one) => one.id === id)
  if (rule) return rule
  if (detections.some((one) => one.id === id))
    throw new CwsError('CWS_ERR_USAGE', `"${id}" is a detection, which looks at findings and at no event: name a signal of it`)
  const guess = nearest(
    id,
    rules.map((one) => one.id),
  )
  throw new CwsError('CWS_ERR_USAGE', `no rule "${id}" runs${guess ? `; did you mean "${guess}"?` : ''}`)
}

function tell(rule: CheckedRule, decision: Decision, when: WhenDecision | undefined, fires: boolean | null): void {
  line(styled('bold', rule.id), fires === null ? 'is UNKNOWN, and does not fire' : fires ? 'fires' : 'does not fire')
  tellDecision(decision)
  if (when) tellDecision(when)
  if (when?.error !== undefined) line(`The function threw, and so the rule does not fire: ${when.error}`)
  if (fires === null) {
    const missing = decidersOf(decision).flatMap(({ values }) => Object.keys(values).filter((name) => values[name] === UNKNOWN))
    if (missing.length > 0) line(`What nobody knows decides: ${[...new Set(missing)].join(', ')}`)
  }
}
