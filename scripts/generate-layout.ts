/**
 * node scripts/generate-layout.ts [--check] [OBJECT]: writes native/src/layout.generated.ts from OBJECT (default bpf/.output/layout.o, built by
 * bpf/build). With --check nothing is written, and a difference ends with status 1.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { btfSection, parseBtf } from './btf.ts'
import { layoutSource } from './layout.ts'

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url))
const args = process.argv.slice(2)
const object = args.find((arg) => !arg.startsWith('-')) ?? path('bpf/.output/layout.o')
const target = path('native/src/layout.generated.ts')
const source = layoutSource(parseBtf(btfSection(readFileSync(object))))

if (!args.includes('--check')) {
  writeFileSync(target, source)
} else if (readFileSync(target, 'utf8') !== source) {
  console.error('native/src/layout.generated.ts differs from bpf/include: run `node scripts/generate-layout.ts` and commit it')
  process.exitCode = 1
}
