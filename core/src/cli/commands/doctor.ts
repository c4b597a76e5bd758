import type { Command } from 'commander'
import type { SensorReport } from '../../agent/sensors.ts'
import { CwsError, messageOf } from '../../errors/cws-error.ts'
import { askIfRunning } from '../ask.ts'
import { composition, foldersOf, loggerFor, lookingRuntime } from '../compose.ts'
import type { Distribution } from '../distribution.ts'
import { type HostFacts, hostFacts } from '../host-facts.ts'
import {
  type ConfigOption,
  configOption,
  type FolderOptions,
  type FormatOption,
  formatOption,
  runDirOption,
  stateDirOption,
  withOptions,
} from '../options.ts'
import { json, line, styled, table } from '../output.ts'
import { flavourRows, sensorRows } from '../sensor-rows.ts'

/** What `cws doctor` found: a contract for scripts. */
interface Diagnosis extends HostFacts {
  readonly version: string
  /** Whether an agent runs here; then the sensors are its own. */
  readonly agent: 'running' | 'not running'
  readonly config: string | null
  readonly sensors: readonly SensorReport[]
  /** Why something could not be looked at. */
  readonly problems: readonly string[]
}

/** The agent probes and tests every sensor before it answers. */
const DOCTOR_MS = 60_000

interface DoctorOptions extends ConfigOption, FolderOptions, FormatOption {}

const EXAMPLES = `
Where an agent runs it is asked to test itself; where none runs, the sensors are attached for a moment, tested, and detached.
Exit codes: 0 every sensor is alive, 1 one is not, 2 the configuration is wrong.

Examples:
  sudo cws doctor
  sudo cws doctor --format json | jq '.sensors[].running'`

export function doctorCommand(program: Command, distribution: Distribution): void {
  const command = program
    .command('doctor')
    .summary('show what this host can see, what not, and why')
    .description(
      'Shows each sensor, its flavours, which one runs, why the better ones cannot, what it cannot see, and whether it proves alive.',
    )
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption(), stateDirOption(), runDirOption(), formatOption('human')).action(async (options: DoctorOptions) => {
    await distribution.harden?.()
    const found = await examine(options, distribution)
    if (options.format === 'json') json(found)
    else tell(found)
    const alive = found.sensors.length > 0 && found.sensors.every(({ running, selfTest }) => running !== undefined && selfTest !== 'silent')
    if (!alive || found.problems.length > 0) process.exitCode = 1
  })
}

async function examine(options: DoctorOptions, distribution: Distribution): Promise<Diagnosis> {
  const folders = foldersOf(options)
  const facts = { ...hostFacts(folders), version: distribution.version }
  const composed = await composition(options, distribution)
  const { file } = composed
  const answer = (await askIfRunning(folders.run, 'doctor', DOCTOR_MS)) as { sensors: readonly SensorReport[] } | undefined
  if (answer) return { ...facts, agent: 'running', config: file ?? null, sensors: answer.sensors, problems: [] }

  const { logFor } = await loggerFor('silent', true)
  const runtime = await lookingRuntime(composed, logFor)
  const problems: string[] = []
  try {
    await runtime.setup()
    await runtime.startSensors()
  } catch (error) {
    // That no sensor runs is what the report below says in full.
    if (!(error instanceof CwsError && error.code === 'CWS_ERR_SOURCES_FAILED')) problems.push(messageOf(error))
  }
  for (const sensor of runtime.sensors) await sensor.probeAll()
  for (const { name, state, detail } of runtime.pluginReports()) if (state === 'failed') problems.push(`${name}: ${detail ?? 'failed'}`)
  const sensors = runtime.sensors.map((sensor) => sensor.report())
  await runtime.stop()
  return { ...facts, agent: 'not running', config: file ?? null, sensors, problems }
}

function tell(found: Diagnosis): void {
  const { folders, capabilities } = found
  table([
    ['cws', `${found.version}, ${found.agent === 'running' ? 'an agent runs' : 'no agent runs'}`],
    ['runtime', `Node ${found.node}, ${found.runtime}`],
    ['kernel', `${found.kernel}, ${found.arch}`],
    ['user', found.user === 0 ? 'root' : styled('yellow', `${found.user ?? 'unknown'}: the sensors of the kernel need root`)],
    ['capabilities', capabilities?.join(' ') || 'none'],
    ['configuration', found.config ?? 'none: the preset'],
    ...(['state', 'run'] as const).map((name) => [`${name} folder`, `${folders[name].path}, ${folders[name].state}`]),
  ])
  for (const sensor of found.sensors) {
    line('')
    table(sensorRows([sensor]))
    table(flavourRows(sensor), '  ')
  }
  if (found.sensors.length === 0) line('', styled('red', 'no plugin of this configuration has a sensor'))
  for (const problem of found.problems) line(styled('red', 'problem'), problem)
}
