import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestPipeline } from '@cws/core/testing'
import { type Loaded, type LoadOptions, loadRules, type RuleStatus } from '../../src/index.ts'

/** Facts of a made-up host. */
export const facts = {
  os: 'linux',
  'kernel.version.major': 6,
  'kernel.version.minor': 8,
  'kernel.version.patch': 0,
  arch: 'amd64',
  hostname: 'web-1',
  origin: 'ebpf',
  'distribution.id': 'ubuntu',
  'distribution.version': '24.04',
}

/** A folder with policy files, removed at the end. */
export class Sandbox implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'cws-policy-'))

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, name), text)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true })
  }
}

/** Loads some policies, in the order in which they are given. */
export async function loadTexts(files: Readonly<Record<string, string>>, options: LoadOptions = {}): Promise<Loaded> {
  using sandbox = new Sandbox(files)
  return await loadRules(
    Object.keys(files).map((name) => `./${name}`),
    { folder: sandbox.folder, facts, ...options },
  )
}

/** Loads one policy. */
export const loadText = (text: string, options: LoadOptions = {}): Promise<Loaded> => loadTexts({ 'a.policy': text }, options)

/** `id: state` of every rule. */
export const states = ({ report }: Loaded): Record<string, string> => Object.fromEntries(report.rules.map(({ id, state }) => [id, state]))

/** What became of one rule. */
export function statusOf({ report }: Loaded, id: string): RuleStatus {
  const status = report.rules.find((rule) => rule.id === id)
  if (!status) throw new Error(`the report has no rule ${id}`)
  return status
}

export const fired = (pipeline: TestPipeline): string[] => pipeline.findings.map((finding) => finding.rule)
