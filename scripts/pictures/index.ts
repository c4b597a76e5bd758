/**
 * Draws the messages of one signal as people see them, for the documents: docs/pictures/*.png. The mail is its own HTML; Slack's blocks and the card of Teams are real
 * ones, drawn by small renderers of ours, which come close to the programs and are not them. Needs Debian's chromium.
 *   npm run docs:pictures
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digests, pages, folder as pictures, source } from './pages.ts'

const WIDTH = 680
const MAX_BYTES = 60_000

const folder = mkdtempSync(join(tmpdir(), 'cws-pictures-'))
try {
  mkdirSync(pictures, { recursive: true })
  for (const [name, html] of Object.entries(pages())) {
    const file = join(folder, `${name}.html`)
    writeFileSync(file, html)
    const height = Number(/data-height="(\d+)"/.exec(chromium(`--window-size=${WIDTH},200`, '--dump-dom', file))?.[1])
    const picture = join(pictures, `${name}.png`)
    chromium(`--window-size=${WIDTH},${height}`, `--screenshot=${picture}`, file)
    const { size } = statSync(picture)
    if (size > MAX_BYTES) throw new Error(`${picture} has ${size} bytes, more than ${MAX_BYTES}`)
    console.log(`${picture}: ${WIDTH} × ${height}, ${size} bytes`)
  }
  writeFileSync(source, `${JSON.stringify(digests(), null, 2)}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function chromium(...args: readonly string[]): string {
  const own = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--force-device-scale-factor=1',
    `--user-data-dir=${join(folder, 'profile')}`,
  ]
  const [file, ...options] = [...args].reverse()
  return execFileSync('chromium', [...own, ...options, `file://${file}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  })
}
