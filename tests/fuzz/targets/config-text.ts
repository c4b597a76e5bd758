import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorText } from '../../../core/src/cli/report-error.ts'
import { parseCondition } from '../../../core/src/condition/parse.ts'
import { loadComposition } from '../../../core/src/config/load-composition.ts'
import { readText } from '../../../core/src/config/text-source.ts'
import { CwsError } from '../../../core/src/errors/cws-error.ts'
import { signalScope } from '../../../core/src/signals/scope.ts'
import { root } from '../../support/agent.ts'
import type { Random } from '../../support/seed.ts'
import { anyValue, mutated } from '../mutate.ts'

const YAML = [
  `plugins:
  - process-exec: { flavour: auto, env: [PATH, LD_PRELOAD] }
  - fim: { paths: [/etc, /usr/bin] }
  - rules:
      packs: ["@cws/rules-default"]
      tune:
        shell-from-web-server: { unless: 'process.args =~ "*certbot*"', severity: critical, groupBy: [container.id] }
        hidden-executable: "off"
  - notify-webhook: { name: siem, url: "http://127.0.0.1:9/cws", secret: { env: SIEM_SECRET }, timeout: 500, headers: { x-team: a } }
notifications:
  - { name: Archive, to: siem }
  - { name: Page us, when: severity == critical && count > 3, to: [siem], repeat: 4h }
monitoring: { listen: "127.0.0.1:9797" }
`,
  'plugins: &all\n  - process-exec\n  - rules: &r\n      packs: []\nnotifications: []\n',
  'plugins: [process-exec, { rules: { packs: [] } }]\n',
  'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nplugins: [*c]\n',
  '"plugins":\n  ? process-exec\n  : {}\n--- # another\n',
]
const JSONS = [
  '{"plugins":["process-exec",{"rules":{"packs":[],"tune":{"a":"off"}}}],"notifications":[{"name":"A","to":[]}]}',
  '{"plugins":[{"notify-webhook":{"url":"http://127.0.0.1:9/","secret":{"env":"SIEM_SECRET"}}}],"monitoring":{}}',
]
const WORDS = [
  'plugins',
  'notifications',
  'monitoring',
  'process-exec',
  'fim',
  'rules',
  'notify-webhook',
  'paths',
  'packs',
  'tune',
  'url',
  'secret',
  'env',
  'file',
  'name',
  'to',
  'when',
  'listen',
  '&x',
  '*x',
  '<<:',
  '!!binary',
  '!!js/function',
  '|',
  '>-',
  '? ',
  '- ',
  '---',
  '...',
  '%YAML 1.1',
  '{',
  '}',
  '# ',
  '"',
]
const environment = { SIEM_SECRET: `whsec_${Buffer.alloc(32).toString('base64')}` }
/** What a terminal acts upon. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

/** Any text is a configuration, or refused with a code and words that a terminal can show. */
export default async function run(random: Random, folder: string): Promise<void> {
  const json = random.below(3) === 0
  const file = join(folder, json ? 'cws.config.json' : 'cws.config.yaml')
  const text =
    json && random.below(2)
      ? JSON.stringify({
          plugins: [{ [random.one(['rules', 'process-exec', 'fim', 'notify-webhook'])]: anyValue(random, WORDS) }, anyValue(random, WORDS)],
          notifications: anyValue(random, WORDS),
        })
      : mutated(json ? JSONS : YAML, random, WORDS)
  try {
    writeFileSync(file, text)
    // Most stop here; only what parses is worth the rest.
    readText(file, text)
    await loadComposition({
      configPath: file,
      cwd: folder,
      root: false,
      env: environment,
      installations: [join(root, 'distributions/host')],
      checkCondition: (events) => (condition, warn) => parseCondition(condition, signalScope(events), warn),
    })
  } catch (error) {
    if (!(error instanceof CwsError)) throw error
    const told = errorText(error)
    if (CONTROL.test(told)) throw new Error(`tells ${JSON.stringify(told)}`)
    if (told.length > 20_000) throw new Error(`tells ${told.length} characters: ${told.slice(0, 300)}`)
  }
}
