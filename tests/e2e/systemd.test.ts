import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentStatus } from '../../core/src/agent/status.ts'
import type { Packed } from '../../scripts/pack.ts'
import { root } from '../support/agent.ts'
import { packedOnce } from '../support/packed.ts'
import { Registry } from '../support/registry.ts'
import { SystemdMachine } from '../support/systemd-machine.ts'

const PATIENT = 600_000
const missing = ['debootstrap', 'runc'].filter((program) => spawnSync(program, ['--version']).error)
const impossible = missing.length > 0 ? ` (no ${missing})` : process.getuid?.() === 0 ? '' : ' (not root)'

/** The commands that the document gives, by what they begin with. */
const document = readFileSync(join(root, 'distributions/host/README.md'), 'utf8')
const told = (beginning: string): string => {
  const line = document.split('\n').find((it) => it.startsWith(`$ ${beginning}`))
  if (!line) throw new Error(`the document does not tell ${beginning}`)
  return line.slice(2).replaceAll('sudo ', '')
}

/** The package of the agent as its next version would be. */
function next(agent: Packed, folder: string): Packed {
  execFileSync('tar', ['xzf', agent.tarball, '-C', folder])
  const manifest = join(folder, 'package/package.json')
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(`"version": "${agent.manifest.version}"`, '"version": "0.1.1"'))
  const tarball = join(folder, 'next.tgz')
  execFileSync('tar', ['czf', tarball, '-C', folder, 'package'])
  return { ...agent, tarball }
}

describe.skipIf(impossible !== '')(`a host that systemd runs${impossible}`, () => {
  let work: string
  let registry: Registry
  let machine: SystemdMachine
  const npm = () => ({ NPM_CONFIG_REGISTRY: registry.url, NPM_CONFIG_LOGLEVEL: 'error', NPM_CONFIG_UPDATE_NOTIFIER: 'false' })
  const property = (name: string) => machine.sh(`systemctl show -P ${name} cws`)
  const status = () => JSON.parse(machine.sh('cws status --format json')) as AgentStatus
  const signals = () => machine.sh('cws signals list --limit 1000 --format json')
  const threat = (name: string) => machine.sh(`cp /bin/true /dev/shm/${name} && /dev/shm/${name} && rm /dev/shm/${name}`)

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'cws-systemd-'))
    registry = await Registry.start()
    machine = await SystemdMachine.boot(async (it) => {
      await it.files('npm install -g @cws/agent', npm())
    })
    const agent = packedOnce().find(({ manifest }) => manifest.name === '@cws/agent') as Packed
    await registry.publish(next(agent, work))
  }, PATIENT)

  afterAll(async () => {
    machine?.[Symbol.dispose]()
    await registry?.[Symbol.asyncDispose]()
    rmSync(work, { recursive: true, force: true })
  })

  it('starts the agent by one command, ready when it sees, confined', async () => {
    expect(machine.exists('var/lib/cws')).toBe(false)
    machine.sh(told('sudo systemctl enable --now'))
    expect([property('ActiveState'), property('SubState')]).toEqual(['active', 'running'])
    expect(machine.sh('systemctl is-enabled cws')).toBe('enabled')
    expect(status().state).toBe('ready')
    expect(status().sensors.map(({ sensor, running, selfTest }) => `${sensor} ${running} ${selfTest}`)).toEqual([
      'process tp_btf alive',
      'files fanotify alive',
      'opens fanotify untested',
    ])
    threat('first')
    await machine.until('cws signals list --limit 1000 --format json | grep -q /dev/shm/first')
    expect(machine.sh('journalctl -u cws --no-pager -o cat')).toContain('"rule":{"id":"exec-from-memory-filesystem"')
    expect(machine.sh('stat -c "%a %U" /var/lib/cws /run/cws')).toBe('700 root\n750 root')
    // As the unit confines it: a file system that it cannot write, no more rights than it lists.
    const pid = property('MainPID')
    expect(machine.sh(`touch /proc/${pid}/root/etc/cws-was-here 2>&1 || true`)).toContain('Read-only file system')
    expect(machine.sh(`grep ^Seccomp: /proc/${pid}/status`)).toMatch(/2$/)
    expect(machine.sh(`sed 's/.*) //' /proc/${pid}/task/*/stat | cut -d ' ' -f 17 | sort -u`)).toBe('-4')
    expect(machine.sh(`for task in /proc/${pid}/task/*; do grep ^CapBnd $task/status; done | sort -u | wc -l`)).toBe('1')
  })

  it('reloads it by systemctl, without another process', async () => {
    const pid = property('MainPID')
    machine.sh(
      'mkdir -p /etc/cws && echo \'plugins: [process-exec, { rules: { packs: ["@cws/rules-default"] } }]\' >/etc/cws/cws.config.yaml',
    )
    // Without a configuration nothing was loaded from there: the file is new.
    machine.sh('systemctl reload cws')
    await machine.until('journalctl -u cws --no-pager -o cat | grep -q "is at work"')
    expect(property('MainPID')).toBe(pid)
  })

  it('starts it again when it is killed, and when its watchdog is not fed', async () => {
    const first = property('MainPID')
    machine.sh(`kill -KILL ${first}`)
    await machine.until(`[ "$(systemctl show -P MainPID cws)" != ${first} ] && systemctl -q is-active cws`)
    machine.sh(
      'mkdir -p /run/systemd/system/cws.service.d && printf "[Service]\\nWatchdogSec=2\\n" >/run/systemd/system/cws.service.d/soon.conf',
    )
    machine.sh('systemctl daemon-reload && systemctl restart cws')
    const second = property('MainPID')
    machine.sh(`kill -STOP ${second}`)
    await machine.until(`[ "$(systemctl show -P MainPID cws)" != ${second} ] && systemctl -q is-active cws`)
    expect(machine.sh('journalctl -u cws --no-pager -o cat')).toMatch(/Watchdog timeout/)
    machine.sh('rm -r /run/systemd/system/cws.service.d && systemctl daemon-reload && systemctl restart cws')
    expect(signals()).toContain('/dev/shm/first')
  })

  it('upgrades it: the new version runs, with the signals of the old', async () => {
    const before = property('MainPID')
    expect(status().version).toBe('0.1.0')
    await machine.files(`${told('sudo npm install -g @cws/agent@latest').split(' && ')[0]}`, npm())
    machine.sh(told('sudo npm install -g @cws/agent@latest').split(' && ').slice(1).join(' && '))
    expect(property('MainPID')).not.toBe(before)
    expect(machine.tried('test', '-e', `/proc/${before}`).ok).toBe(false)
    expect(status()).toMatchObject({ version: '0.1.1', state: 'ready' })
    expect(signals()).toContain('/dev/shm/first')
    threat('second')
    await machine.until('cws signals list --limit 1000 --format json | grep -q /dev/shm/second')
  })

  it('removes it: nothing runs, nothing is left but the signals and the configuration', () => {
    machine.sh(told('sudo systemctl disable --now cws'))
    expect(machine.sh('find /etc/systemd /run/systemd /usr/local -not -type d -path "*cws*"')).toBe('')
    expect(machine.sh('systemctl list-units --all --no-legend "cws*"')).toBe('')
    expect(machine.sh('for it in /proc/[0-9]*/exe; do readlink $it; done | grep -c /node; true')).toBe('0')
    expect(machine.exists('run/cws')).toBe(false)
    expect(machine.exists('var/lib/cws/signals.db')).toBe(true)
  })
})
