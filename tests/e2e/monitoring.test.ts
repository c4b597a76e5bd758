import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { RunningAgent } from '../support/agent.ts'
import { runFromSharedMemory } from '../support/triggers.ts'

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

it('serves health and metrics where the configuration asks for it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cws-monitoring-'))
  try {
    const port = await freePort()
    const config = join(folder, 'cws.config.yaml')
    const listenOn = (on: number): void =>
      writeFileSync(
        config,
        `plugins:\n  - process-exec\n  - rules: { packs: ["@cws/rules-default"] }\nmonitoring: { listen: "127.0.0.1:${on}" }\n`,
        { mode: 0o600 },
      )
    listenOn(port)
    await using agent = await RunningAgent.start({ args: ['--config', config] })
    const health = await fetch(`http://127.0.0.1:${port}/healthz`)
    expect([health.status, await health.json()]).toEqual([200, { ok: true, state: 'ready', reasons: [], notes: [] }])

    runFromSharedMemory('measured')
    await agent.signal('exec-from-memory-filesystem')
    const deadline = Date.now() + 10_000
    let metrics = ''
    do metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    while (!/^cws_signals_total\{severity="high"\} [1-9]/m.test(metrics) && Date.now() < deadline)
    for (const line of [
      /^cws_events_total\{type="exec",stage="seen"\} [1-9]\d*$/m,
      /^cws_events_total\{type="exec",stage="lost"\} 0$/m,
      /^cws_signals_total\{severity="high"\} [1-9]\d*$/m,
      /^cws_sensor_up\{sensor="process",plugin="process-exec",flavour="\w+"\} 1$/m,
      /^cws_process_table_processes\{plugin="process-exec"\} [1-9]\d*$/m,
      /^cws_store_up 1$/m,
      /^cws_healthy 1$/m,
      /^process_resident_memory_bytes [1-9]\d{7,}$/m,
    ])
      expect(metrics).toMatch(line)

    const other = await freePort()
    listenOn(other)
    agent.signalProcess('SIGHUP')
    const answers = async (on: number): Promise<boolean> =>
      (await fetch(`http://127.0.0.1:${on}/healthz`).catch(() => undefined))?.ok ?? false
    const end = Date.now() + 20_000
    while (!(await answers(other)) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
    expect([await answers(other), await answers(port)]).toEqual([true, false])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
