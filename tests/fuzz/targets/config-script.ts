import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorText } from '../../../core/src/cli/report-error.ts'
import { loadComposition } from '../../../core/src/config/load-composition.ts'
import { scriptSource } from '../../../core/src/config/script-source.ts'
import { CwsError } from '../../../core/src/errors/cws-error.ts'
import { root } from '../../support/agent.ts'
import type { Random } from '../../support/seed.ts'
import { mutated } from '../mutate.ts'

/** Without loops and calls of anything that does harm: they are evaluated. */
const SCRIPTS = [
  `import { defineConfig, host } from '@cws/agent'
import webhook from '@cws/plugin-notify-webhook'
// a comment with 'quotes" and { braces
export default defineConfig({
  plugins: [
    host({ rules: { packs: [], tune: { 'hidden-executable': 'off' } } }),
    webhook({ name: 'siem', url: 'http://127.0.0.1:9/', secret: { env: 'SIEM_SECRET' }, headers: { \`x\`: /re[/"]g/.source } }),
  ],
  notifications: [{ name: 'Archive', when: 'severity >= medium', to: 'siem' }],
})
`,
  `const name: string = \`a\${1 + \`b\${2}\`}\`
export default (environment) => ({ plugins: [], monitoring: { listen: '127.0.0.1:1' } })
`,
]
const WORDS = [
  'export default',
  'defineConfig(',
  'plugins:',
  'host()',
  'as const',
  '=>',
  'await',
  'null',
  '{',
  '}',
  '`${',
  '//',
  '/*',
  '*/',
  ': string',
  'throw 1',
  'throw null',
  'undefined',
]
const PATHS = [['plugins'], ['plugins', 0, 'rules'], ['notifications', 0, 'to'], ['monitoring', 'listen'], ['__proto__']]
/** Of so many texts that are searched for places one is evaluated too: what is once imported stays. */
const EVALUATED = 10

/** Any text in which places are looked for gives places in it or none; evaluated it is a configuration or refused with a code. */
export default async function run(random: Random, folder: string): Promise<void> {
  const file = join(folder, 'cws.config.ts')
  const text = mutated(SCRIPTS, random, WORDS)
  writeFileSync(file, text)
  const lines = text.split('\n').length
  for (const path of PATHS) {
    const place = scriptSource(file).locate({ path, of: random.one(['key', 'value'] as const) })
    if (place && (place.line < 1 || place.line > lines || place.column < 1))
      throw new Error(`place ${place.line}:${place.column} of ${lines} lines`)
  }
  if (random.below(EVALUATED) > 0) return
  try {
    await loadComposition({
      configPath: file,
      cwd: folder,
      root: false,
      env: { SIEM_SECRET: `whsec_${Buffer.alloc(32).toString('base64')}` },
      installations: [join(root, 'distributions/host')],
      timeoutMs: 2_000,
    })
  } catch (error) {
    if (!(error instanceof CwsError)) throw error
    errorText(error)
  }
}
