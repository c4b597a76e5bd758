import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ErrorCode } from '../errors/codes.ts'
import { messageOf } from '../errors/cws-error.ts'
import type { OptionsSchema } from '../plugin/instance.ts'
import { isRecord, secretsIn, textsIn } from '../plugin/schema-walk.ts'
import type { Path } from './problem.ts'

export interface SecretFlaw {
  readonly code: ErrorCode
  readonly path: Path
  readonly message: string
  readonly hint: string
}

export interface SecretCheck {
  readonly flaws: SecretFlaw[]
  /** The options with paths of secret files made absolute. */
  readonly options: unknown
  /** Texts that must not be shown. */
  readonly literals: string[]
}

export interface SecretScope {
  /** The configuration, undefined for a preset. */
  readonly file: string | undefined
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether they will be read: where nothing is started, what is not there is missed by nobody. */
  readonly areUsed: boolean
}

/** Judges the secrets of one plugin: literals only where nobody else can read them, references only to what is there. Values are not kept. */
export function checkSecrets(schema: OptionsSchema | undefined, options: unknown, scope: SecretScope): SecretCheck {
  const check: SecretCheck & { options: unknown } = { flaws: [], options, literals: [] }
  for (const { path, value } of secretsIn(schema, options)) {
    const literal =
      typeof value === 'string' ? value : isRecord(value) && typeof value['literal'] === 'string' ? value['literal'] : undefined
    if (literal !== undefined) {
      check.literals.push(literal)
      const flaw = judgeLiteral(scope.file)
      if (flaw) check.flaws.push({ code: 'CWS_ERR_SECRET_LITERAL', path, ...flaw })
    } else if (isRecord(value) && typeof value['env'] === 'string') {
      if (scope.areUsed && !scope.env[value['env']])
        check.flaws.push({
          code: 'CWS_ERR_SECRET_MISSING',
          path,
          message: `the environment variable ${value['env']} is not set or empty`,
          hint: 'Set it for the agent, for example in `EnvironmentFile=` of its systemd unit, or use secretFile().',
        })
    } else if (isRecord(value) && typeof value['file'] === 'string') {
      const file = resolve(scope.folder, value['file'])
      const wrong = scope.areUsed ? unreadable(file) : undefined
      if (wrong)
        check.flaws.push({
          code: 'CWS_ERR_SECRET_MISSING',
          path,
          message: wrong,
          hint: 'The agent must be able to read it, now and at each delivery.',
        })
      check.options = withValue(check.options, path, { file })
    } else check.literals.push(...textsIn(value))
  }
  return check
}

function judgeLiteral(file: string | undefined): { message: string; hint: string } | undefined {
  if (file === undefined) return { message: 'a secret is given as text', hint: 'Use env("NAME") or secretFile("/path").' }
  const mode = statSync(file).mode & 0o777
  if ((mode & 0o077) === 0) return undefined
  return {
    message: `a secret is given as text, but others than its owner have access to ${file} (mode ${mode.toString(8).padStart(4, '0')})`,
    hint: `Use env("NAME") or secretFile("/path"), or run \`chmod 600 ${file}\`.`,
  }
}

function unreadable(file: string): string | undefined {
  try {
    if (!statSync(file).isFile()) return `the secret file ${file} is not a file`
    accessSync(file, constants.R_OK)
    return undefined
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT' || code === 'ENOTDIR') return `the secret file ${file} does not exist`
    return code === 'EACCES' ? `the secret file ${file} cannot be read by this user` : messageOf(error)
  }
}

/** A copy with another value at a path; what is beside the path stays the very same. */
function withValue(target: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value
  if (Array.isArray(target)) return target.map((item, index) => (index === key ? withValue(item, rest, value) : item))
  const record = target as Record<string, unknown>
  return { ...record, [key]: withValue(record[key], rest, value) }
}
