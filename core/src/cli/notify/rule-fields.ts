import { InvalidArgumentError, Option } from 'commander'
import type { EscalationInput, QuietHoursInput } from '../../config/define-config.ts'
import { CwsError } from '../../errors/cws-error.ts'
import { severities } from '../../signals/severity.ts'

/** What the options of `edit` and `add` say of a rule. */
export interface FieldOptions {
  readonly when?: string
  readonly to?: readonly string[]
  readonly message?: string
  readonly wait?: string
  readonly update?: string
  readonly repeat?: string
  readonly quiet?: QuietHoursInput
  readonly quietExcept?: NonNullable<QuietHoursInput['except']>
  readonly escalate?: readonly EscalationInput[]
}

export const fieldOptions = (): Option[] => [
  new Option('--when <condition>', 'signals that this holds for'),
  new Option('--to <notifier...>', 'whom to tell'),
  new Option('--message <template>', 'in which words'),
  new Option('--wait <duration>', 'how long the first word waits'),
  new Option('--update <duration>', 'least time between two words about one signal'),
  new Option('--repeat <duration>', 'tell again while nobody has acknowledged it'),
  new Option('--quiet <hours>', "tell nobody in these hours: '22:00-06:00 Europe/Paris'").argParser(quietOf),
  new Option('--quiet-except <severity>', 'what is as severe is told in quiet hours too').choices(severities),
  new Option(
    '--escalate <step...>',
    'whom to tell while nobody acknowledges, and how long after the step before: 10m:pager 20m:boss,ops',
  ).argParser(stepsOf),
]

/** The fields of a rule, as a configuration has them; what was not said is left out. @throws CwsError CWS_ERR_USAGE */
export function fieldsOf(options: FieldOptions): Readonly<Record<string, unknown>> {
  const { when, to, message, wait, update, repeat, quiet, quietExcept, escalate } = options
  if (quietExcept !== undefined && quiet === undefined)
    throw new CwsError('CWS_ERR_USAGE', '--quiet-except says more of --quiet: give both')
  const hours = quiet && (quietExcept === undefined ? quiet : { ...quiet, except: quietExcept })
  const fields = { when, to, message, wait, update, repeat, quiet: hours, escalate }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** `22:00-06:00 Europe/Paris`. Whether there are such times and such a zone is judged with the rule. */
function quietOf(text: string): QuietHoursInput {
  const [, from, to, zone] = /^\s*([^\s-]+)\s*-\s*(\S+)\s+(\S+)\s*$/.exec(text) ?? []
  if (from === undefined || to === undefined || zone === undefined)
    throw new InvalidArgumentError("hours and a time zone, such as '22:00-06:00 Europe/Paris'")
  return { from, to, zone }
}

/** `10m:pager`, `20m:boss,ops`: one step more. */
function stepsOf(text: string, before: readonly EscalationInput[] | undefined): readonly EscalationInput[] {
  const [, after, names] = /^([^:]+):(.+)$/.exec(text) ?? []
  if (after === undefined || names === undefined)
    throw new InvalidArgumentError('a step is a duration and whom to tell then, such as 10m:pager')
  const to = names.split(',')
  return [...(before ?? []), { after, to: to.length === 1 ? (to[0] as string) : to }]
}
