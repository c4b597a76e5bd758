import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  type Scalar,
} from 'yaml'
import { offsetInSource } from './scalar-source.ts'

/** Where in a value: the keys and indices that lead there. */
export type Path = readonly (string | number)[]

/** A place in a file; lines and columns count from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** Bytes of the largest policy file that is read. */
export const LARGEST_FILE = 4 << 20
/** Values of one file, those that aliases repeat counted each time: against documents that unfold without end. */
const MOST_VALUES = 400_000
const MOST_DEPTH = 32
/** Lines and tokens of a file: what the parser needs time for, whatever its bytes are. */
const MOST_LINES = 200_000
const MOST_TOKENS = 800_000
/** Characters that are shown of what the parser says. */
const LONGEST_MESSAGE = 300

/** A YAML file as data, with the places of its keys and values. */
export interface PolicyDocument {
  readonly value: unknown
  readonly lines: readonly string[]
  /** Of what a path leads to, or of the nearest thing around it that is there. */
  place(path: Path, of?: 'key' | 'value'): Place
  /** Of a line and column within the text that a path leads to; exact for every style that YAML writes texts in. */
  placeInText(path: Path, line: number, column: number): Place
}

/** Why a file is no policy at all. */
export class DocumentError extends Error {
  readonly place: Place | undefined

  constructor(message: string, place?: Place) {
    super(message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message)
    this.place = place
  }
}

/** Keys whose scalars are texts however they look: `version: 1.10`. */
const isVerbatim = (path: Path): boolean => path.at(-1) === 'version' || path.at(-2) === 'tags'

/** @throws DocumentError if it is no YAML, or more than the bounds allow. */
export function readDocument(text: string): PolicyDocument {
  if (Buffer.byteLength(text) > LARGEST_FILE) throw new DocumentError(`the file is larger than ${LARGEST_FILE} bytes: split it`)
  const lines = text.split('\n')
  if (lines.length > MOST_LINES) throw new DocumentError(`the file has more than ${MOST_LINES} lines: split it`)
  const counter = new LineCounter()
  const document = parse(text, counter)
  const at = (offset: number): Place => placeIn(counter, offset)
  const flaw = document.errors[0] ?? document.warnings[0]
  if (flaw) throw new DocumentError(`not valid YAML: ${flaw.message.split('\n', 1)[0]}`, at(flaw.pos[0]))

  /** By alias what it stands for: the library looks through the whole document for each. */
  const targets: Targets = new Map()
  const anchors = new Map<string, unknown>()
  let values = 0
  const plain = (node: unknown, path: Path): unknown => {
    if (++values > MOST_VALUES) throw new DocumentError(`more than ${MOST_VALUES} values, those that aliases repeat counted each time`)
    if (path.length > MOST_DEPTH) throw new DocumentError(`nested deeper than ${MOST_DEPTH}`, placeOf(node))
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      targets.set(node, target)
      if (target === undefined) throw new DocumentError(`the alias *${node.source} names nothing`, placeOf(node))
      return plain(target, [...path, '*'])
    }
    const anchor = (node as { anchor?: string } | null)?.anchor
    if (anchor !== undefined) anchors.set(anchor, node)
    if (isScalar(node)) return isVerbatim(path) && node.type === 'PLAIN' ? (node.source ?? '') : node.value
    if (isSeq(node)) return node.items.map((item, i) => plain(item, [...path, i]))
    if (isMap(node)) {
      const map: Record<string, unknown> = {}
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : ''
        // The library compares each key with all before it.
        if (Object.hasOwn(map, key)) throw new DocumentError(`the key \`${key.slice(0, 100)}\` stands twice in one map`, placeOf(pair.key))
        // Whatever the key is called, `__proto__` or `constructor`: it is one of the file's.
        Object.defineProperty(map, key, { value: plain(pair.value, [...path, key]), enumerable: true, configurable: true, writable: true })
      }
      return map
    }
    return null
  }
  const placeOf = (node: unknown): Place | undefined => {
    const range = (node as Partial<Node> | null)?.range
    return range ? at(range[0]) : undefined
  }
  const value = plain(document.contents, [])
  return {
    value,
    lines,
    place: (path, of = 'value') => at(walk(document, targets, path, of).offset),
    placeInText: (path, line, column) => {
      const { node, offset } = walk(document, targets, path, 'value')
      return isScalar(node) && typeof node.value === 'string' ? at(offsetInSource(text, node as Scalar<string>, line, column)) : at(offset)
    },
  }
}

/** Tokens within tokens that the parser holds open: each level of a document is some of them. */
const MOST_OPEN = 8 * MOST_DEPTH

/** Reads a file's tokens one by one, so that a deep nesting ends it at once: the composer of the library needs time and stack for each level. */
function parse(text: string, counter: LineCounter): Document {
  const parser = new Parser(counter.addNewLine)
  const composer = new Composer({ stringKeys: true, uniqueKeys: false, logLevel: 'error' })
  const documents = []
  let tokens = 0
  counter.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) documents.push(...composer.next(token))
    if (++tokens > MOST_TOKENS) throw new DocumentError('the file has too many parts: split it')
    if (parser.stack.length > MOST_OPEN) throw new DocumentError('nested too deeply', placeIn(counter, parser.offset))
  }
  for (const token of parser.end()) documents.push(...composer.next(token))
  documents.push(...composer.end(true, text.length))
  if (documents.length > 1) throw new DocumentError('more than one document', placeIn(counter, documents[1]?.range[0] ?? 0))
  return documents[0] as Document
}

function placeIn(counter: LineCounter, offset: number): Place {
  const { line, col } = counter.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

type Targets = Map<unknown, unknown>

function walk(document: Document, targets: Targets, path: Path, of: 'key' | 'value'): { readonly node: unknown; readonly offset: number } {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = targets.get(node)
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find((it) => isPair(it) && isScalar(it.key) && String(it.key.value) === String(step))
      if (!pair) return { node: undefined, offset }
      const key = startOf(pair.key) ?? offset
      offset = index === path.length - 1 && of === 'key' ? key : (startOf(pair.value) ?? key)
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
      node = node.items[step]
      offset = startOf(node) ?? offset
    } else return { node: undefined, offset }
  }
  if (isAlias(node)) node = targets.get(node)
  return { node, offset }
}

function startOf(node: unknown): number | undefined {
  const range = (node as Partial<Node> | null)?.range
  return range && range[1] > range[0] ? range[0] : undefined
}
