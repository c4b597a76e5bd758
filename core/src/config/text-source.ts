import { type Document, isAlias, isMap, isNode, isPair, isScalar, isSeq, Lexer, LineCounter, type Pair, Parser, parseDocument } from 'yaml'
import { CwsError } from '../errors/cws-error.ts'
import { frameOf } from './frame.ts'
import type { Path, Place } from './problem.ts'
import type { Source } from './source.ts'

/** How often aliases may be followed: against documents that unfold without end. */
const mostAliases = 100
/** Lists and maps within each other. */
const mostDepth = 100
const collections: ReadonlySet<string> = new Set(['block-map', 'block-seq', 'flow-collection'])
/** Characters that are shown of what the parser says. */
const longestMessage = 300

/** A configuration as data, with the places of all its keys and values. */
export interface TextConfig {
  readonly value: unknown
  readonly source: Source
}

/**
 * Reads YAML or JSON.
 * @throws CwsError CWS_ERR_CONFIG_LOAD at the place that does not parse
 */
export function readText(file: string, text: string): TextConfig {
  const lines = new LineCounter()
  const json = file.endsWith('.json')
  try {
    assertShallow(file, text)
    const document = parseDocument(text, { lineCounter: lines, logLevel: 'error', prettyErrors: false, stringKeys: true })
    const flaw = document.errors[0] ?? document.warnings[0]
    if (flaw)
      throw failure(file, place(file, lines, flaw.pos), json ? `not valid JSON: ${firstLine(flaw.message)}` : firstLine(flaw.message))
    if (json) assertJson(file, text)
    return { value: document.toJS({ maxAliasCount: mostAliases }), source: textSource(file, document, lines) }
  } catch (error) {
    if (error instanceof CwsError) throw error
    // What the parser throws beside its own errors: too deep a nesting, too many aliases.
    throw new CwsError(
      'CWS_ERR_CONFIG_LOAD',
      `${file}: ${error instanceof RangeError ? 'nested too deeply' : firstLine(String((error as Error).message))}`,
      {
        cause: error,
      },
    )
  }
}

/** Looks at the tokens alone, one by one, and no further: to make a document the library needs time and stack for each level. */
function assertShallow(file: string, text: string): void {
  const lines = new LineCounter()
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > mostDepth && parser.stack.filter(({ type }) => collections.has(type)).length > mostDepth)
      throw failure(file, place(file, lines, [parser.offset - lexeme.length, parser.offset]), `nested deeper than ${mostDepth}`)
  }
}

/** What YAML takes and JSON does not: comments, bare words. */
function assertJson(file: string, text: string): void {
  try {
    JSON.parse(text)
  } catch (error) {
    const at = /line (\d+) column (\d+)/.exec((error as Error).message)
    // The message itself quotes the text, which may be a secret.
    throw failure(file, at ? { file, line: Number(at[1]), column: Number(at[2]) } : undefined, 'not valid JSON')
  }
}

function failure(file: string, at: Place | undefined, message: string): CwsError {
  return new CwsError('CWS_ERR_CONFIG_LOAD', `${file}${at ? `:${at.line}:${at.column}` : ''}: ${message}`, {
    frame: at && frameOf(at, new Set()),
  })
}

/** The parser quotes what it does not understand, however long that is. */
function firstLine(message: string): string {
  const line = message.split('\n', 1)[0] as string
  return line.length > longestMessage ? `${line.slice(0, longestMessage)}…` : line
}

function textSource(file: string, document: Document, lines: LineCounter): Source {
  return {
    file,
    locate: ({ path, option = [], of }) => {
      const range = rangeOf(document, [...path, ...option], of)
      return range && place(file, lines, range)
    },
  }
}

type Range = readonly [start: number, end: number]

/** The range of what a path leads to, or of the nearest thing around it that is there. */
function rangeOf(document: Document, path: Path, of: 'key' | 'value'): Range | undefined {
  let node: unknown = document.contents
  let range = rangeOfNode(node)
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    const last = index === path.length - 1
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find((it) => isPair(it) && isScalar(it.key) && String(it.key.value) === String(step))
      if (!pair) return range
      range = (last && of === 'value' ? rangeOfNode(pair.value) : undefined) ?? rangeOfNode(pair.key) ?? range
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
      node = node.items[step]
      range = rangeOfNode(node) ?? range
    } else return range
  }
  return range
}

function rangeOfNode(node: unknown): Range | undefined {
  return isNode(node) && node.range && node.range[1] > node.range[0] ? [node.range[0], node.range[1]] : undefined
}

function place(file: string, lines: LineCounter, [start, end]: Range): Place {
  const from = lines.linePos(start)
  const to = lines.linePos(end)
  return { file, line: Math.max(1, from.line), column: Math.max(1, from.col), end: { line: to.line, column: to.col } }
}
