/**
 * Which tests prove which case of docs/notification-cases.md: titles of tests end in ` [case N]`.
 *   node scripts/notification-cases.ts   writes the lists of tests into the page
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const page = join(root, 'docs/notification-cases.md')
const TESTS = ['{core,native,plugins/*,distributions/*}/test/**/*.test.ts', 'tests/**/*.test.ts', 'benchmarks/notify/**/*.ts']

/** A test that carries the numbers of cases. */
export interface Proof {
  readonly file: string
  /** As the source has it, without the numbers. */
  readonly title: string
  readonly cases: readonly number[]
}

/** A text in quotes that ends in numbers of cases. */
const TITLED = /(['"`])((?:(?!\1)[^\\\n]|\\.)*?)((?: \[case \d+\])+)\1/g

/** Every test that carries a number, by file and place. */
export function proofs(): readonly Proof[] {
  return globSync(TESTS, { cwd: root, exclude: (name) => name === 'node_modules' })
    .sort()
    .flatMap((file) => {
      const source = readFileSync(join(root, file), 'utf8')
      const found = [...source.matchAll(TITLED)].map(([, , title, numbers]) => ({
        file,
        title: title as string,
        cases: [...(numbers as string).matchAll(/\d+/g)].map(([number]) => Number(number)),
      }))
      // A number that stands anywhere but at the end of a title would be seen by nobody.
      const numbers = source.match(/\[case \d+\]/g)?.length ?? 0
      if (numbers !== found.flatMap(({ cases }) => cases).length)
        throw new Error(`${file}: a number of a case is not at the end of a title`)
      return found
    })
}

/** A case of the page: its words, the tests that it names, and what else is said of it. */
export interface Case {
  readonly number: number
  readonly text: string
  readonly tests: readonly { readonly file: string; readonly title: string }[]
  readonly notes: readonly string[]
}

/** The cases of the page. */
export function casesOf(markdown: string): readonly Case[] {
  return [...markdown.matchAll(/^(\d+)\. (.*)\n((?: {3,}.*\n)*)/gm)].map(([, number, text, rest]) => {
    const lines = (rest as string).split('\n').filter((line) => line !== '')
    return {
      number: Number(number),
      text: text as string,
      tests: lines.flatMap((line) => {
        const [, file, title] = /^ +- `([^`]+\.ts)`: (.*)$/.exec(line) ?? []
        return file === undefined || title === undefined ? [] : [{ file, title }]
      }),
      notes: lines.filter((line) => !/^ +- `[^`]+\.ts`: /.test(line)).map((line) => line.replace(/^ +- /, '')),
    }
  })
}

/** The page with the tests that there are. */
export function withProofs(markdown: string, all: readonly Proof[]): string {
  const [head] = markdown.split(/^1\. /m) as [string]
  const items = casesOf(markdown).map(({ number, text, notes }) => {
    const indent = ' '.repeat(String(number).length + 2)
    const tests = all.filter(({ cases }) => cases.includes(number)).map(({ file, title }) => `\`${file}\`: ${title}`)
    return [`${number}. ${text}`, ...[...notes, ...tests].map((line) => `${indent}- ${line}`)].join('\n')
  })
  return `${head}${items.join('\n')}\n`
}

if (import.meta.main) writeFileSync(page, withProofs(readFileSync(page, 'utf8'), proofs()))
