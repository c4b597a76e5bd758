import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { emailPage } from './email.ts'
import { slackPage } from './slack.ts'
import { teamsPage } from './teams.ts'

/** Where the pictures stand. */
export const folder = join(import.meta.dirname, '../../docs/pictures')
/** What the pictures that stand there were drawn from: SHA-256 of each page, by name. */
export const source = join(folder, 'drawn-from.json')

/** The pages that are drawn, by name. */
export const pages = (): Readonly<Record<string, string>> => ({ slack: slackPage(), email: emailPage(), teams: teamsPage() })

export const digests = (): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(pages()).map(([name, page]) => [name, createHash('sha256').update(page).digest('hex')]))

export const drawnFrom = (): unknown => JSON.parse(readFileSync(source, 'utf8'))
