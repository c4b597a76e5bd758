import { nearest } from '../model/nearest.ts'
import { durationOf } from '../notifications/duration.ts'
import { isZone, minutesOf } from '../notifications/quiet-hours.ts'
import { isRecord } from '../plugin/schema-walk.ts'
import { describeValue } from '../plugin/validate.ts'
import { type Severity, severities } from '../signals/severity.ts'
import type { Path } from './problem.ts'

/** The same words sooner than this are noise, ms. */
const LEAST_REPEAT_MS = 60_000

/** Hears what is wrong with a notification rule, and where in it. */
export type Flawed = (path: Path, message: string, of?: 'key' | 'value') => void

/** Judges durations, quiet hours and escalation; `destination` judges a name that `to` holds. */
export function checkTimes(rule: Readonly<Record<string, unknown>>, flaw: Flawed, destination: (path: Path, name: string) => void): void {
  for (const key of ['wait', 'update', 'repeat'] as const) if (rule[key] !== undefined) checkDuration([key], rule[key], flaw)
  const { repeat } = rule
  if (typeof repeat === 'string' && (durationOf(repeat) ?? LEAST_REPEAT_MS) < LEAST_REPEAT_MS && durationOf(repeat) !== 0)
    flaw(
      ['repeat'],
      `\`repeat\` is at least 1m, but ${describeValue(repeat)} was given: it tells again what nobody has acknowledged; growth is told by \`update\``,
    )
  if (rule['quiet'] !== undefined) checkQuiet(rule['quiet'], flaw)
  if (rule['escalate'] !== undefined) checkEscalation(rule['escalate'], flaw, destination)
}

/** `to` is a name or a list of some. */
export function checkTo(to: unknown, path: Path, flaw: Flawed, destination: (path: Path, name: string) => void): void {
  const list: readonly unknown[] = Array.isArray(to) ? to : [to]
  if (list.length === 0 || list.some((name) => typeof name !== 'string')) {
    const came = to === undefined ? 'nothing' : describeValue(to)
    flaw(path, `\`to\` must be a notifier’s name or a list of them, but ${came} was given`)
    return
  }
  for (const [place, name] of list.entries()) destination(Array.isArray(to) ? [...path, place] : path, name as string)
}

function checkDuration(path: Path, given: unknown, flaw: Flawed): void {
  if (typeof given === 'string' && (durationOf(given) ?? 0) > 0) return
  const came = given === undefined ? 'nothing' : describeValue(given)
  flaw(path, `\`${path.at(-1)}\` must be a duration such as 30m or 4h, but ${came} was given`)
}

function checkKeys(given: Readonly<Record<string, unknown>>, known: readonly string[], path: Path, flaw: Flawed): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    const guess = nearest(key, known)
    flaw(
      [...path, key],
      `unknown key "${key}" in \`${path[0]}\`; ${guess ? `did you mean "${guess}"?` : `there is ${known.join(', ')}`}`,
      'key',
    )
  }
}

function checkQuiet(quiet: unknown, flaw: Flawed): void {
  if (!isRecord(quiet)) {
    flaw(
      ['quiet'],
      `\`quiet\` must be an object such as { from: '22:00', to: '06:00', zone: 'Europe/Paris' }, but ${describeValue(quiet)} was given`,
    )
    return
  }
  checkKeys(quiet, ['from', 'to', 'zone', 'except'], ['quiet'], flaw)
  const { from, to, zone, except } = quiet
  for (const [key, time] of Object.entries({ from, to }))
    if (typeof time !== 'string' || minutesOf(time) === undefined)
      flaw(
        time === undefined ? ['quiet'] : ['quiet', key],
        `\`${key}\` must be a time of the day such as 22:00, but ${time === undefined ? 'nothing' : describeValue(time)} was given`,
      )
  if (typeof from === 'string' && from === to) flaw(['quiet', 'to'], '`from` and `to` are the same: that would be all day or never')
  if (typeof zone !== 'string' || zone === '')
    flaw(zone === undefined ? ['quiet'] : ['quiet', 'zone'], '`zone` must be the name of a time zone such as Europe/Paris')
  else if (!isZone(zone)) {
    const guess = nearest(zone, ['UTC', ...Intl.supportedValuesOf('timeZone')])
    flaw(['quiet', 'zone'], `there is no time zone "${zone}"${guess ? `; did you mean "${guess}"?` : ', such as Europe/Paris'}`)
  }
  if (except !== undefined && !severities.includes(except as Severity))
    flaw(['quiet', 'except'], `\`except\` must be one of ${severities.join(', ')}, but ${describeValue(except)} was given`)
}

function checkEscalation(steps: unknown, flaw: Flawed, destination: (path: Path, name: string) => void): void {
  if (!Array.isArray(steps) || steps.length === 0) {
    flaw(['escalate'], `\`escalate\` must be a list of steps such as { after: '10m', to: 'pager' }, but ${describeValue(steps)} was given`)
    return
  }
  for (const [index, step] of steps.entries()) {
    if (!isRecord(step)) {
      flaw(['escalate', index], `a step of \`escalate\` must be an object, but ${describeValue(step)} was given`)
      continue
    }
    checkKeys(step, ['after', 'to'], ['escalate', index], flaw)
    if (step['after'] === undefined) flaw(['escalate', index], '`after` must be a duration such as 10m, but nothing was given')
    else checkDuration(['escalate', index, 'after'], step['after'], flaw)
    checkTo(step['to'], step['to'] === undefined ? ['escalate', index] : ['escalate', index, 'to'], flaw, destination)
  }
}
