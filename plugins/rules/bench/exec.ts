/**
 * What the judgement of an exec costs: `node plugins/rules/bench/exec.ts`. Events come as objects, so reading fields from records is not in it;
 * the row "no rules" is what making and dispatching an event costs by itself.
 */
import { TestPipeline } from '@cws/core/testing'
import defaults from '@cws/rules-default'
import { rules } from '../src/index.ts'

const ENVIRONMENT = Array.from({ length: 25 }, (_, i) => `VARIABLE_${i}=`)
const ANCESTORS = ['bash', 'sshd', 'sshd', 'systemd']

function exec(path: string, args: string): Record<string, unknown> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return {
    'exec.file.path': path,
    'exec.file.name': name,
    'exec.file.filesystem': 'ext4',
    'exec.file.unlinked': false,
    'exec.file.in_upper_layer': false,
    'exec.file.mode': 0o100755,
    'exec.interpreter.file.path': '',
    'exec.comm': name,
    'exec.argv0': name,
    'exec.args': args,
    'exec.envp': ENVIRONMENT,
    'exec.uid': 1000,
    'exec.euid': 1000,
    'process.parent.file.name': 'bash',
    'process.parent.file.path': '/usr/bin/bash',
    'process.parent.args': '',
    'process.ancestors.file.name': ANCESTORS,
    'process.ancestors.file.path': ANCESTORS.map((one) => `/usr/bin/${one}`),
    'process.tty_name': 'pts0',
    'container.id': '',
  }
}

const events = [
  exec('/usr/bin/ls', '-la --color=auto /srv/shop'),
  exec('/usr/bin/dash', '-c make -j2 all'),
  exec('/usr/bin/gcc', '-O2 -Wall -c -o build/main.o src/main.c'),
  exec('/usr/bin/grep', '-rn TODO src'),
  exec('/usr/bin/python3.12', '-m http.server 8000'),
  exec('/usr/bin/git', 'status --porcelain'),
]
const ROUNDS = 30_000

for (const [title, packs] of [
  ['no rules', []],
  [`${defaults.rules.length} default rules`, [defaults]],
] as const) {
  await using pipeline = await TestPipeline.of([rules({ packs: [...packs] })])
  const feed = pipeline.runtime.engine.objectFeed(pipeline.runtime.engine.events.get('exec')) as unknown as { emit(fields: object): void }
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < 7; run++) {
    const start = process.cpuUsage()
    for (let i = 0; i < ROUNDS; i++) for (const event of events) feed.emit(event)
    best = Math.min(best, (process.cpuUsage(start).user * 1000) / (ROUNDS * events.length))
  }
  console.log(`${title}: ${best.toFixed(0)} ns of CPU an exec, ${pipeline.findings.length} findings`)
}
