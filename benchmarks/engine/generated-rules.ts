import type { RulePack } from '@cws/core'
import { Random } from './random.ts'

/** Programs that the recorded work runs, those of many executions first, and those that only rules name. */
const PROGRAMS = [
  ...['sh', 'bash', 'wc', 'head', 'cut', 'tail', 'sort', 'grep', 'sed', 'awk', 'mawk', 'cat', 'tr', 'uniq', 'stat', 'cp', 'date'],
  ...['find', 'xargs', 'echo', 'ls', 'make', 'git', 'env', 'nice', 'id', 'uname', 'perl', 'sleep', 'timeout', 'du', 'diff', 'od'],
  ...Array.from({ length: 260 }, (_, i) => `program-${i}`),
]
const PARENTS = ['nginx', 'apache2', 'php-fpm', 'java', 'postgres', 'redis-server', 'dotnet', 'sshd', 'cron', 'containerd-shim', 'tomcat']
const FOLDERS = ['/etc', '/usr/lib', '/var/lib', '/opt', '/home/*/.config', '/root', '/srv', '/tmp', '/var/spool', '/usr/local']

/** Fulfilled by one of some hundred events of the recorded work. */
const FULFILLED = { on: 'exec', where: 'exec.file.name == "mktemp"' }

/** Rules of the shapes that packs have, each with texts of its own, and one that some events fulfil; the same for the same number. */
export function generatedRules(count: number): RulePack {
  const random = new Random(count)
  const rules = Array.from({ length: count }, (_, i) => ({
    id: `generated-${i}`,
    name: 'Generated',
    severity: 'low' as const,
    message: 'generated',
    ...(i === 0 ? FULFILLED : shape(random, i)),
  }))
  return { name: 'generated', rules: rules as RulePack['rules'] }
}

/** What a rule is on and asks. Shares: 40 % names, 25 % paths, 15 % arguments, 10 % numbers, 5 % regular expressions, 5 % what is dear to read. */
function shape(random: Random, i: number): { readonly on: string; readonly where: string } {
  const word = `w${i}${random.below(1000)}`
  const names = (of: readonly string[], most: number) =>
    `[${Array.from({ length: 1 + random.below(most) }, () => JSON.stringify(random.zipf(of))).join(', ')}]`
  const share = random.next() * 100
  if (share < 40) {
    const program = `exec.file.name in ${names(PROGRAMS, 4)}`
    const rest = random.next()
    if (rest < 0.5) return { on: 'exec', where: `${program} && process.ancestors.file.name in ${names(PARENTS, 4)}` }
    if (rest < 0.9) return { on: 'exec', where: `${program} && exec.args =~ "*--${word}*"` }
    return { on: 'exec', where: `${program} && exec.args =~ "*${word}*" && process.ancestors.file.name not in ${names(PARENTS, 2)}` }
  }
  if (share < 65) {
    const field = random.pick(['exec.file.path', 'open.file.path', 'change.path', 'change.path'])
    const path = random.pick([
      `${random.pick(FOLDERS)}/${word}`,
      `${random.pick(FOLDERS)}/${word}/**`,
      `/**/${word}`,
      `/opt/*/${word}.conf`,
    ])
    const author = random.next() < 0.3 ? ` && process.file.name not in ${names(PROGRAMS, 3)}` : ''
    return { on: field.slice(0, field.indexOf('.')), where: `${field} =~ "${path}"${author}` }
  }
  if (share < 80) {
    const pattern = random.pick([`*${word}*`, `*--${word}=*`, `* -${word} *`, `*${word}*--yes*`, `*/tmp/${word}`])
    return { on: 'exec', where: `exec.args =~ "${pattern}"` }
  }
  if (share < 90)
    return random.pick([
      { on: 'exec', where: `exec.uid == ${1000 + i} && exec.file.name != "${random.zipf(PROGRAMS)}"` },
      { on: 'exec', where: `exec.euid == 0 && exec.auid == ${1000 + i}` },
      { on: 'exit', where: `exit.code == ${2 + random.below(250)} && process.file.name == "program-${i % 260}"` },
      { on: 'open', where: `process.uid == ${1000 + i} && open.file.mode & ${1 << random.below(9)} != 0` },
    ])
  if (share < 95) {
    const regex = random.pick([`\\b${word}[0-9]+\\b`, `^-c .*${word}`, `(?:wget|curl) \\S*${word}`, `${word}|x${word}`])
    return { on: 'exec', where: `exec.args =~ r"${regex}"` }
  }
  return random.pick([
    { on: 'exec', where: `process.ancestors.file.path =~ "/opt/${word}/**"` },
    { on: 'exec', where: `exec.envp =~ "${word.toUpperCase()}=*"` },
    { on: 'exec', where: `process.parent.file.path =~ "/srv/${word}/*" && exec.cwd =~ "/srv/**"` },
  ])
}
