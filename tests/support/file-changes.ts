import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { definePlugin, type Event } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import fim from '@cws/plugin-fim'
import processExec from '@cws/plugin-process-exec'
import { expect } from 'vitest'
import { GAPS, type Gap } from '../../plugins/fim/src/gaps.ts'
import { nested } from './vantage.ts'

export type Change = Event<'change'>

/** One flavour of the file sensor, and what it is expected to miss as these tests run: root on Linux 5.17 or later. */
export interface FileFlavour {
  readonly name: 'fanotify' | 'fanotify-filesystem' | 'inotify'
  readonly gaps: readonly Gap[]
}

/** Whoever adds a flavour adds a line here; the whole suite then runs on it. */
export const fileFlavours: readonly FileFlavour[] = [
  { name: 'fanotify', gaps: ['mapping', 'links', 'found', ...(nested() ? ['namespace' as const] : [])] },
  { name: 'fanotify-filesystem', gaps: ['mapping', 'links', 'found', 'gone', ...(nested() ? ['namespace' as const] : [])] },
  { name: 'inotify', gaps: ['authors', 'mapping', 'links', 'replaced'] },
]

/** Whether this flavour tells who changed a file. */
export const knowsAuthors = ({ gaps }: FileFlavour): boolean => !gaps.some((gap) => gap === 'authors' || gap === 'namespace')

interface WatchOptions {
  readonly flavour: FileFlavour
  /** Paths or patterns within the new folder; absent: all of it. */
  readonly paths?: readonly string[]
  /** Within it too. */
  readonly ignore?: readonly string[]
  /** Whether the process sensor runs too. Default true. */
  readonly processes?: boolean
  /** Before the sensors start: makes what is to be there already. */
  readonly prepare?: (at: (...names: string[]) => string) => void
}

/** A new folder, both sensors in one pipeline that watch it on the running kernel, and the changes that they told. */
export class FileChanges implements AsyncDisposable {
  readonly base: string
  readonly folder: string
  readonly events: Change[] = []
  readonly pipeline: TestPipeline

  private constructor(base: string, folder: string, events: Change[], pipeline: TestPipeline) {
    this.base = base
    this.folder = folder
    this.events = events
    this.pipeline = pipeline
  }

  static async watch({ flavour, paths, ignore = [], processes = true, prepare }: WatchOptions): Promise<FileChanges> {
    const base = mkdtempSync(join(tmpdir(), 'cws-changes-'))
    const folder = mkdtempSync(join(base, 'watched-'))
    prepare?.((...names) => join(folder, ...names))
    const events: Change[] = []
    const within = (path: string) => join(folder, path)
    const changes = fim({ flavour: flavour.name, watch: paths?.map(within) ?? [folder], ignore: ignore.map(within) })
    const pipeline = await TestPipeline.of([...(processes ? [processExec()] : []), changes, recorderInto(events)])
    await pipeline.start()
    return new FileChanges(base, folder, events, pipeline)
  }

  /** A path in the watched folder. */
  at(...names: string[]): string {
    return join(this.folder, ...names)
  }

  /** A new folder beside the watched one. */
  outside(): string {
    return mkdtempSync(join(this.base, 'outside-'))
  }

  about(kind: string, path: string): Change[] {
    return this.events.filter((event) => event.change.kind === kind && event.change.file.path === path)
  }

  /** Waits until it is so. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const told = () =>
      JSON.stringify(this.sensor.counts()) +
      this.events
        .slice(-20)
        .map((one) => `${String(one.change.kind)} ${String(one.change.file.path)}`)
        .join(', ')
    for (const deadline = Date.now() + 20_000; !condition(); ) {
      if (Date.now() > deadline) throw new Error(`never happened: ${what}; seen: ${told()}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  /** The first such change. */
  async seen(kind: string, path: string): Promise<Change> {
    await this.until(`${kind} ${path}`, () => this.about(kind, path).length > 0)
    return this.about(kind, path)[0] as Change
  }

  /** The file sensor. */
  get sensor(): TestPipeline['runtime']['sensors'][number] {
    return this.pipeline.runtime.sensors.find((one) => one.definition.sensor === 'files')!
  }

  /** What the running flavour says that it misses. */
  get gaps(): readonly Gap[] {
    const texts = this.sensor.report().flavours.find((flavour) => flavour.state === 'running')?.gaps ?? []
    const known = Object.entries(GAPS) as readonly (readonly [Gap, string])[]
    return texts.map((text) => known.find(([, one]) => one === text)![0])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pipeline.stop()
    rmSync(this.base, { recursive: true })
    expect(this.pipeline.faults).toEqual([])
  }
}

/** A plugin that keeps every change, but that of the sensor's self-test. */
export function recorderInto(events: Change[]) {
  return definePlugin(import.meta, {
    name: 'recorder',
    setup(ctx) {
      ctx.detect('change', null, (event) => {
        if (!String(event.change.file.name).startsWith('cws-self-test-')) events.push(event.keep() as Change)
      })
    },
  })()
}
