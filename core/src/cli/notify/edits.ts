import { type Command, Option } from 'commander'
import { ask } from '../../delivery/control/control-client.ts'
import { CwsError } from '../../errors/cws-error.ts'
import type { EditView, RuleView } from '../../notifications/rule-view.ts'
import { foldersOf } from '../compose.ts'
import type { Distribution } from '../distribution.ts'
import {
  type ConfigOption,
  configOption,
  type FolderOptions,
  type FormatOption,
  formatOption,
  runDirOption,
  stateDirOption,
  withOptions,
} from '../options.ts'
import { type Cell, json, line, styled, table } from '../output.ts'
import { whoAsks } from '../who-asks.ts'
import { listOf, tellRule } from './list.ts'
import { type FieldOptions, fieldOptions, fieldsOf } from './rule-fields.ts'
import { deliveryRules } from './rules.ts'

const KEPT = `
The change is kept beside the configuration, by the name of the rule and field by field: over reloads and restarts, until it is reset. \`cws notify diff\`
shows what was changed. The agent that runs is told; where none runs, its state folder is changed.
`

type Options = ConfigOption & FolderOptions & FormatOption

interface EditOptions extends Options, FieldOptions {
  readonly unset?: readonly string[]
  readonly reset?: true
}

const shared = () => [configOption(), stateDirOption(), runDirOption(), formatOption('human')]

export function editCommands(notify: Command, distribution: Distribution): void {
  const run = async (options: Options, args: Readonly<Record<string, unknown>>) => {
    const { rule, warnings } = await change(options, distribution, args)
    if (options.format === 'json') json({ kind: 'notification_rule', rule, warnings })
    else {
      for (const warning of warnings) line(styled('yellow', 'warning'), warning)
      if (rule) tellRule(rule)
      else line(`there is no notification rule "${args['rule']}" any more`)
    }
  }
  const edit = notify.command('edit <rule>').summary('change a notification rule').description('Changes fields of a notification rule.')
  edit.addHelpText(
    'after',
    `${KEPT}
Examples:
  sudo cws notify edit "Tell the team" --when 'severity >= high' --repeat 8h
  sudo cws notify edit "Tell the team" --quiet '22:00-06:00 Europe/Paris' --quiet-except critical
  sudo cws notify edit "Tell the team" --escalate 10m:pager 20m:boss
  sudo cws notify edit "Tell the team" --unset repeat    as if the configuration did not say it
  sudo cws notify edit "Tell the team" --reset           as the configuration has it`,
  )
  const unset = new Option('--unset <field...>', 'leave these out: when, wait, update, repeat, quiet, escalate, message')
  const fields = fieldOptions()
  const reset = new Option('--reset', 'forget all changes of this rule').conflicts([...fields.map((each) => each.attributeName()), 'unset'])
  withOptions(edit, ...fields, unset, reset, ...shared()).action(async (rule: string, options: EditOptions) => {
    const none = Object.fromEntries((options.unset ?? []).map((field) => [field, null]))
    await run(options, options.reset ? { rule, reset: true } : { rule, set: { ...fieldsOf(options), ...none } })
  })

  for (const enabled of [false, true]) {
    const word = enabled ? 'enable' : 'disable'
    const command = notify.command(`${word} <rule>`).summary(`${word} a notification rule`)
    command.description(enabled ? 'Has a notification rule fire again.' : 'Has a notification rule fire no more, until it is enabled.')
    command.addHelpText('after', `${KEPT}\nExamples:\n  sudo cws notify ${word} "Tell the team"`)
    withOptions(command, ...shared()).action(async (rule: string, options: Options) => run(options, { rule, set: { enabled } }))
  }

  const add = notify
    .command('add <rule>')
    .summary('add a notification rule')
    .description('Adds a notification rule. It comes after those of the configuration.')
  add.addHelpText('after', `${KEPT}\nExamples:\n  sudo cws notify add "For the night" --when 'severity >= high' --to pager`)
  const [when, to, ...others] = fieldOptions() as [Option, Option, ...Option[]]
  withOptions(add, when, to.makeOptionMandatory(), ...others, ...shared()).action(async (rule: string, options: EditOptions) =>
    run(options, { rule, add: true, set: fieldsOf(options) }),
  )

  const remove = notify.command('delete <rule>').summary('delete a notification rule')
  remove.description('Deletes a rule that was added. One of the configuration fires no more, until `edit --reset`.')
  remove.addHelpText('after', `${KEPT}\nExamples:\n  sudo cws notify delete "For the night"`)
  withOptions(remove, ...shared()).action(async (rule: string, options: Options) => run(options, { rule, delete: true }))

  const diff = notify.command('diff').summary('show how rules differ from the configuration')
  diff.description(
    'Shows of each rule that was changed what the configuration says, what was made of it, by whom, and where the two conflict.',
  )
  diff.addHelpText(
    'after',
    `
A conflict: the configuration says something else by now than when the field was changed. What was changed holds on, until it is reset.

Examples:
  sudo cws notify diff
  sudo cws notify diff --format json | jq -r '.rules[] | select(.origin == "orphaned").name'`,
  )
  withOptions(diff, ...shared()).action(async (options: Options) => {
    const { rules } = await listOf(options, distribution)
    const changed = (rules ?? []).filter(({ edits }) => edits.length > 0)
    if (options.format === 'json')
      json({ kind: 'notify_diff', rules: changed.map(({ name, origin, edits, problem }) => ({ name, origin, edits, problem })) })
    else if (changed.length === 0) line('rules are as the configuration has them')
    else for (const rule of changed) tellDiff(rule)
  })
}

function tellDiff({ name, origin, edits, problem }: RuleView): void {
  line(name, styled(origin === 'orphaned' ? 'yellow' : 'dim', ORIGINS[origin]), ...(problem === null ? [] : [styled('red', problem)]))
  table(edits.filter(({ field }) => field !== 'added' && field !== 'deleted').flatMap(diffRows), '  ')
}

const ORIGINS: Readonly<Record<RuleView['origin'], string>> = {
  config: '',
  edited: 'changed',
  added: 'added',
  deleted: 'deleted',
  orphaned: 'orphaned: the configuration has no such rule; it does not fire',
}

function diffRows({ field, value, config, base, is_conflict: isConflict, by, at }: EditView): readonly (readonly Cell[])[] {
  return [
    [styled('red', '-'), field, textOf(config), isConflict ? styled('yellow', `conflict: it was ${textOf(base)}`) : ''],
    [styled('green', '+'), field, textOf(value), styled('dim', `${by}, ${at}`)],
  ]
}

const textOf = (value: unknown): string => (value === null ? '(absent)' : typeof value === 'string' ? value : JSON.stringify(value))

interface Changed {
  readonly rule: RuleView | null
  readonly warnings: readonly string[]
}

/** Tells the agent; changes its files where none answers. @throws CwsError CWS_ERR_NOT_RUNNING if there is neither */
async function change(options: Options, distribution: Distribution, args: Readonly<Record<string, unknown>>): Promise<Changed> {
  const { run, state } = foldersOf(options)
  const by = whoAsks()
  try {
    return (await ask(run, 'notify.change', { ...args, by })) as Changed
  } catch (error) {
    if (!(error instanceof CwsError && error.code === 'CWS_ERR_NOT_RUNNING')) throw error
    const [{ changeStoredSignals }, { RuleBook }, { checkTemplate }, rules] = await Promise.all([
      import('../../delivery/store/stored-signals.ts'),
      import('../../delivery/rules/rule-book.ts'),
      import('../../messages/check-template.ts'),
      deliveryRules(options, distribution),
    ])
    const found = changeStoredSignals(state, (store, log) => new RuleBook(store, log, rules).change(args, by, checkTemplate))
    if (found === undefined) throw error
    return found
  }
}
