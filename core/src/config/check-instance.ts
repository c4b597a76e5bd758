import type { ErrorCode } from '../errors/codes.ts'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import { incompatibility } from '../plugin/compat.ts'
import type { AnyInstance } from '../plugin/instance.ts'
import { type Manner, mannerOf } from '../plugin/manner.ts'
import { textsIn } from '../plugin/schema-walk.ts'
import { checkOptions, describeValue, uncloneable, valueAt } from '../plugin/validate.ts'
import { checkSecrets, type SecretScope } from './check-secrets.ts'
import { type Path, pathText } from './problem.ts'

export interface InstanceProblem {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string | undefined
  readonly cause?: unknown
  /** Path in the options. */
  readonly option: Path
  readonly of: 'key' | 'value'
}

export interface InstanceCheck {
  readonly problems: InstanceProblem[]
  readonly options: unknown
  /** Of a notifier whose options are right. */
  readonly manner?: Manner | undefined
  /** Secrets that stand in the configuration as text. */
  readonly literals: readonly string[]
}

/** Names go into paths, metrics and messages. */
const nameForm = /^[a-z0-9][a-z0-9._-]{0,63}$/i

/** Judges one plugin: its name, its range of core, its options, its secrets, and whether a notifier's options can cross to its thread. */
export async function checkInstance(instance: AnyInstance, scope: SecretScope): Promise<InstanceCheck> {
  const problems: InstanceProblem[] = []
  const { name, definition, kind } = instance
  if (typeof name !== 'string' || !nameForm.test(name))
    problems.push({
      code: 'CWS_ERR_PLUGIN_OPTIONS',
      message: `\`name\` must be letters, digits, dots, dashes and underscores, at most 64, but ${describeValue(name)} was given`,
      option: ['name'],
      of: 'value',
    })
  const unfit = incompatibility(instance.package)
  if (unfit)
    problems.push({
      code: 'CWS_ERR_PLUGIN_INCOMPATIBLE',
      message: unfit,
      hint: `Install a version of ${instance.package.name} that works with this core, or another agent.`,
      option: [],
      of: 'value',
    })
  const { flaws, options: given, literals } = checkSecrets(definition.options, instance.options, scope)
  for (const { path, message, ...flaw } of flaws) problems.push({ ...flaw, message: at(path, message), option: path, of: 'value' })
  try {
    const checked = await checkOptions(definition.options, given)
    if (!checked.ok) {
      for (const { path, of, message, hide } of checked.flaws) {
        if (hide) literals.push(...textsIn(valueAt(given, path)))

        problems.push({ code: 'CWS_ERR_PLUGIN_OPTIONS', message: at(of === 'key' ? path.slice(0, -1) : path, message), option: path, of })
      }
      return { problems, options: undefined, literals }
    }
    const stuck = kind === 'notifier' ? uncloneable(checked.options) : undefined
    if (stuck)
      problems.push({
        code: 'CWS_ERR_OPTION_NOT_CLONEABLE',
        message: at(stuck, 'a notifier runs in the delivery thread, and this value cannot cross to it'),
        hint: 'Pass data; keep functions in the notifier’s own module.',
        option: stuck,
        of: 'value',
      })
    const manner = instance.kind === 'notifier' ? mannerOf(instance.definition, checked.options) : undefined
    return { problems, options: checked.options, manner, literals }
  } catch (error) {
    const ofDefinition = error instanceof CwsError
    problems.push({
      code: ofDefinition ? error.code : 'CWS_ERR_PLUGIN_OPTIONS',
      message: ofDefinition ? error.message : `its schema failed: ${messageOf(error)}`,
      cause: error,
      option: [],
      of: 'value',
    })
    return { problems, options: undefined, literals }
  }
}

const at = (path: Path, message: string): string => (path.length > 0 ? `${pathText(path)}: ${message}` : message)
