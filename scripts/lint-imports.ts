/**
 * Checks the directions of imports in the sources of all packages: bpf ← native ← source plugins → core. Fails with one line a violation.
 *   node scripts/lint-imports.ts [ROOT]
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { parseAst } from 'vitest/node'

/** What a folder's sources may import of this project. The first that fits counts; what fits none is not allowed. */
const directions: readonly { readonly folder: RegExp; readonly may: readonly RegExp[]; readonly why: string }[] = [
  { folder: /^core$/, may: [], why: 'core imports no plugin and no native code' },
  { folder: /^native$/, may: [/^@cws\/native-/], why: 'native imports nothing above it' },
  {
    folder: /^plugins\/(process-exec|fim)$/,
    may: [/^@cws\/core$/, /^@cws\/native$/],
    why: 'plugins meet through core, never import each other',
  },
  { folder: /^plugins\/notify-[a-z-]+$/, may: [/^@cws\/core$/], why: 'notifiers import core alone, never native code or other plugins' },
  {
    folder: /^plugins\/[a-z-]+$/,
    may: [/^@cws\/core$/],
    why: 'only source plugins touch native code, and plugins never import each other',
  },
  { folder: /^examples\/[a-z0-9-]+$/, may: [/^@cws\/core$/], why: 'examples are third-party plugins: they use core alone' },
  { folder: /^distributions\/[a-z-]+$/, may: [/^@cws\//], why: '' },
]

/** Libraries that only one folder may import. */
const confined: readonly { readonly library: string; readonly folder: string }[] = [
  { library: 'tapable', folder: 'core/src/hooks/' },
  { library: 'cosmiconfig', folder: 'core/src/config/' },
  { library: 'handlebars', folder: 'core/src/messages/' },
  { library: 'mdast-util-from-markdown', folder: 'core/src/messages/' },
]

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Every module that a source file names: imports, re-exports, `import()` and types by `import()`. */
export function importsOf(source: string, name: string): readonly string[] {
  const found: string[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const { source: from } = node as { source?: { type?: string; value?: unknown } | null }
    if (from?.type === 'Literal' && typeof from.value === 'string') found.push(from.value)
    for (const child of Object.values(node)) visit(child)
  }
  visit(parseAst(source, { lang: name.endsWith('.js') ? 'js' : 'ts' }, name))
  return found
}

/** The violations in a tree of packages, one line each. */
export function violations(root: string): readonly string[] {
  const packages = globSync(['core', 'native', 'plugins/*', 'distributions/*', 'examples/*'], { cwd: root }).filter((folder) =>
    existsSync(join(root, folder, 'package.json')),
  )
  return packages.sort().flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
    return globSync([`${folder}/src/**/*.{ts,mts,js}`, `${folder}/bin/*.js`], { cwd: root })
      .sort()
      .flatMap((file) =>
        importsOf(readFileSync(join(root, file), 'utf8'), file).flatMap((specifier) => {
          const fault = faultOf(specifier, file, folder, manifest)
          return fault ? [`${file}: imports "${specifier}": ${fault}`] : []
        }),
      )
  })
}

function faultOf(specifier: string, file: string, folder: string, manifest: Manifest): string | undefined {
  if (specifier.startsWith('.')) {
    const target = relative(folder, join(file, '..', specifier))
    return target.startsWith('..') ? 'reaches into another package by a path' : undefined
  }
  if (isBuiltin(specifier)) return specifier.startsWith('node:') ? undefined : 'is written node:… here'
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const home = confined.find(({ library }) => library === name)
  if (home && !file.startsWith(home.folder)) return `only ${home.folder} imports ${name}`
  if (name.startsWith('@cws/')) {
    const rule = directions.find((entry) => entry.folder.test(folder))
    if (!rule?.may.some((allowed) => allowed.test(name))) return rule?.why ?? 'this folder has no rule in scripts/lint-imports.ts'
  }
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }
  return name in declared ? undefined : `is not among the dependencies of ${manifest.name}`
}

if (import.meta.main) {
  const found = violations(resolve(process.argv[2] ?? join(import.meta.dirname, '..')))
  for (const line of found) console.error(line)
  process.exitCode = found.length > 0 ? 1 : 0
}
