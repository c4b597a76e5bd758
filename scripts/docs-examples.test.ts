import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
/** Inside the repository, so that packages are found as for its own sources. */
const folder = join(root, '.cache', `docs-examples-${process.pid}`)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The blocks of code of a document, with the lines where they begin. */
function blocksOf(markdown: string, language: string): readonly { readonly line: number; readonly code: string }[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map((match) => ({
    line: markdown.slice(0, match.index).split('\n').length + 1,
    code: match[1] as string,
  }))
}

function faults(): string {
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' })
    return ''
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

it('every block of TypeScript in the documents type-checks on its own, as the sources do', { timeout: 120_000 }, () => {
  mkdirSync(folder, { recursive: true })
  const documents = globSync(['README.md', 'docs/*.md', '{core,native,plugins/*,distributions/*,examples/*}/README.md'], {
    cwd: root,
  }).sort()
  let count = 0
  for (const document of documents)
    for (const { line, code } of blocksOf(readFileSync(join(root, document), 'utf8'), 'ts')) {
      // The lines are those of the document.
      const name = `${document.replaceAll('/', '-')}-${line}`
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'block.ts'), '\n'.repeat(line - 1) + code)
      count++
    }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: ['*/block.ts'], exclude: [] }))
  expect(count).toBeGreaterThan(15)
  // That they are checked at all shows at one that is wrong.
  mkdirSync(join(folder, 'wrong'))
  writeFileSync(
    join(folder, 'wrong', 'block.ts'),
    "import { definePlugin } from '@cws/core'\ndefinePlugin(import.meta, { setup: (ctx) => ctx.fed('exec') })\n",
  )
  expect(faults()).toMatch(/^wrong\/block\.ts.*'fed' does not exist.*\n$/)
})
