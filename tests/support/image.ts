import { cpSync, globSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { execForm, expand, type Instruction, parseContainerfile } from './containerfile.ts'
import { addNode, addResolver, copyRoot, debianRoot, runIn } from './debian-root.ts'
import { run } from './triggers.ts'

/** What a runtime needs of an image: its files, and how its process is started. */
export interface Image {
  readonly root: string
  readonly env: Readonly<Record<string, string>>
  readonly workdir: string
  readonly command: readonly string[]
  readonly volumes: readonly string[]
  readonly stopSignal: string
  /** The command of the health check. */
  readonly health: readonly string[]
}

export interface BuildOptions {
  /** The folder with the Containerfile and what it copies. */
  readonly context: string
  readonly args?: Readonly<Record<string, string>>
  /** Where the files of the stages go: the caller removes it. */
  readonly folder: string
}

interface Stage {
  readonly root: string
  readonly args: Record<string, string | undefined>
  readonly env: Record<string, string>
  workdir: string
  entrypoint: readonly string[]
  cmd: readonly string[]
  readonly volumes: string[]
  stopSignal: string
  health: readonly string[]
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Builds an image by the steps of its Containerfile, without a registry of images: what it is built FROM are Debian's own packages. A step that
 * this does not know is an error, so that nothing of the file is passed over.
 */
export async function buildImage({ context, args = {}, folder }: BuildOptions): Promise<Image> {
  const instructions = parseContainerfile(readFileSync(join(context, 'Containerfile'), 'utf8'))
  mkdirSync(folder, { recursive: true })
  const globals: Record<string, string | undefined> = {}
  const stages = new Map<string, Stage>()
  let stage: Stage | undefined
  for (const it of instructions) {
    if (it.name === 'ARG') declare(it, stage?.args ?? globals, args)
    else if (it.name === 'FROM') {
      const [reference, as, name = `${stages.size}`] = expand(it.text, globals).split(/\s+/)
      if (as !== undefined && as !== 'AS') throw new Error(`FROM ${it.text}`)
      stage = startStage(reference as string, join(folder, `stage-${name}`))
      stages.set(name, stage)
    } else if (stage) await step(it, stage, stages, context)
    else throw new Error(`${it.name} before FROM`)
  }
  if (!stage) throw new Error('no FROM')
  const { root, env, workdir, entrypoint, cmd, volumes, stopSignal, health } = stage
  for (const other of stages.values()) if (other !== stage) rmSync(other.root, { recursive: true, force: true })
  return { root, env, workdir, command: [...entrypoint, ...cmd], volumes, stopSignal, health }
}

function declare({ text }: Instruction, scope: Record<string, string | undefined>, given: Readonly<Record<string, string>>): void {
  const [, name, value] = /^(\w+)(?:=(.*))?$/.exec(text) ?? []
  if (name === undefined) throw new Error(`ARG ${text}`)
  scope[name] = given[name] ?? value?.replace(/^"(.*)"$/, '$1')
}

function startStage(reference: string, root: string): Stage {
  const suite = /^(?:debian:(?<debian>[a-z]+)(?:-\d{8})?-slim|node:\d+-(?<node>[a-z]+)-slim)$/.exec(reference)?.groups
  if (!suite) throw new Error(`${reference} is no image that can be made here`)
  copyRoot(debianRoot((suite['debian'] ?? suite['node']) as string), root)
  addResolver(root)
  if (suite['node']) addNode(root)
  return { root, args: {}, env: { PATH }, workdir: '/', entrypoint: [], cmd: [], volumes: [], stopSignal: 'SIGTERM', health: [] }
}

async function step(it: Instruction, stage: Stage, stages: ReadonlyMap<string, Stage>, context: string): Promise<void> {
  const { name, text } = it
  switch (name) {
    case 'RUN':
      return await runStep(text, stage)
    case 'COPY':
      return copyStep(text, stage, stages, context)
    case 'WORKDIR':
      mkdirSync(join(stage.root, text), { recursive: true })
      stage.workdir = text
      return
    case 'USER':
      if (text !== '0:0') throw new Error(`USER ${text}`)
      return
    case 'VOLUME':
      stage.volumes.push(...execForm(text))
      return
    case 'STOPSIGNAL':
      stage.stopSignal = text
      return
    case 'HEALTHCHECK': {
      const [, command] = /^(?:--[a-z-]+=\S+\s+)*CMD\s+(.*)$/.exec(text) ?? []
      stage.health = execForm(command ?? text)
      return
    }
    case 'ENTRYPOINT':
      stage.entrypoint = execForm(text)
      return
    case 'CMD':
      stage.cmd = execForm(text)
      return
    default:
      throw new Error(`line ${it.line}: ${name} is not known`)
  }
}

async function runStep(command: string, { root, args, env, workdir }: Stage): Promise<void> {
  await runIn(root, command, { env: { ...env, ...args }, workdir })
}

function copyStep(text: string, stage: Stage, stages: ReadonlyMap<string, Stage>, context: string): void {
  const words = text.split(/\s+/)
  const from = words[0]?.startsWith('--from=') ? stages.get((words.shift() as string).slice('--from='.length)) : undefined
  const to = words.pop() as string
  const sources = words.flatMap((pattern) => {
    const found = from ? [join(from.root, pattern)] : globSync(pattern, { cwd: context }).map((file) => join(context, file))
    if (found.length === 0 && !/[*?]/.test(pattern)) throw new Error(`COPY: there is no ${pattern}`)
    return found
  })
  const target = join(stage.root, to)
  for (const source of sources) {
    const folder = statSync(source).isDirectory()
    if (folder) run('cp', ['-a', '--no-target-directory', source, mkdir(target)])
    else cpSync(source, to.endsWith('/') ? join(mkdir(target), basename(source)) : target)
  }
}

function mkdir(folder: string): string {
  mkdirSync(folder, { recursive: true })
  return folder
}
