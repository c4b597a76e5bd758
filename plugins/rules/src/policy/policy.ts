import { basename } from 'node:path'
import { frameOfLines, messageOf } from '@cws/core'
import type { z } from 'zod'
import type { ErrorClass, Problem } from '../report.ts'
import { DocumentError, type Path, type PolicyDocument, readDocument } from './document.ts'
import { fileShape, type MacroDefinition, macroSchema, type RuleDefinition, ruleShape, unknownKeys } from './schema.ts'

/** More problems of one file are counted, not told. */
const MOST_FRAMES = 50

/** A macro or a rule as it stands in a policy. */
export interface Entry<D> {
  readonly policy: Policy
  readonly path: Path
  readonly id: string
  /** Undefined if it is wrong. */
  readonly definition: D | undefined
  readonly errors: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Something else that stands in a policy, as data. */
export interface Item {
  readonly policy: Policy
  readonly path: Path
  readonly value: unknown
}

/** A policy file: its macros and rules, each checked for its shape. */
export class Policy {
  readonly origin: string
  readonly file: string
  /** That of the distribution, which custom ones may change. */
  readonly isDefault: boolean
  readonly version: string
  readonly macros: readonly Entry<MacroDefinition>[]
  readonly rules: readonly Entry<RuleDefinition>[]
  /** Unchecked. */
  readonly detections: readonly Item[]
  readonly suppressions: readonly Item[]
  /** Of the file as a whole. */
  readonly warnings: readonly Problem[]
  readonly #document: PolicyDocument
  #frames = 0

  /** @throws PolicyError if the file is lost as a whole. */
  constructor(origin: string, file: string, text: string) {
    this.origin = origin
    this.file = file
    this.isDefault = basename(file) === 'default.policy'
    try {
      this.#document = readDocument(text)
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      const frame = error.place && frameOfLines(text.split('\n'), error.place)
      throw new PolicyError([{ class: 'error', message: error.message, ...error.place, frame }])
    }
    const { value } = this.#document
    const shape = fileShape.safeParse(value ?? {})
    if (!shape.success) throw new PolicyError(this.#issues(shape.error, []))
    const { version = '', macros, rules, detections, suppressions } = shape.data
    this.version = version
    if (![macros, rules, detections, suppressions].some((list) => list?.length) && !this.isDefault)
      throw new PolicyError([{ class: 'error', message: 'the policy is empty: it has neither rules nor macros' }])
    this.warnings = unknownKeys(fileShape, value).map(({ path, message }) => this.problem('error', message, path, 'key'))
    this.macros = (macros ?? []).map((one, i) => this.#entry(macroSchema, one, ['macros', i]))
    this.rules = (rules ?? []).map((one, i) => this.#entry(ruleShape, one, ['rules', i]))
    this.detections = (detections ?? []).map((value, i) => ({ policy: this, path: ['detections', i], value }))
    this.suppressions = (suppressions ?? []).map((value, i) => ({ policy: this, path: ['suppressions', i], value }))
  }

  #entry<S extends z.ZodObject>(schema: S, value: unknown, path: Path): Entry<z.output<S>> {
    const parsed = schema.safeParse(value)
    const id = (value as { id?: unknown } | null)?.id
    return {
      policy: this,
      path,
      id: typeof id === 'string' && id !== '' ? id.slice(0, 256) : `${this.origin}#${path.join('.')}`,
      definition: parsed.success ? parsed.data : undefined,
      errors: parsed.success ? [] : this.#issues(parsed.error, path),
      warnings: unknownKeys(schema, value).map((one) => this.problem('error', one.message, [...path, ...one.path], 'key')),
    }
  }

  #issues(error: z.ZodError, path: Path): Problem[] {
    return error.issues.map((issue) => {
      const where = issue.path as (string | number)[]
      const text = where.length > 0 ? `\`${where.join('.')}\`: ${issue.message}` : issue.message
      return this.problem('error', text, [...path, ...where])
    })
  }

  /** Where the thing at a path stands. */
  place(path: Path): { readonly line: number; readonly column: number } {
    return this.#document.place(path)
  }

  /** Something wrong at a path. */
  problem(kind: ErrorClass, message: string, path: Path, of: 'key' | 'value' = 'value'): Problem {
    return this.#at(kind, message, this.#document.place(path, of))
  }

  /** What somebody says of the text at a path: `line:column` in its message is turned into that of the file. */
  problemInText(kind: ErrorClass, thrown: unknown, path: Path): Problem {
    const told = typeof thrown === 'string' ? thrown : messageOf(thrown)
    const [, line, column, message] = /^(\d+):(\d+): ([\s\S]*)$/.exec(told) ?? []
    if (message === undefined) return this.problem(kind, told, path)
    return this.#at(kind, message, this.#document.placeInText(path, Number(line), Number(column)))
  }

  #at(kind: ErrorClass, message: string, place: { readonly line: number; readonly column: number }): Problem {
    const frame = this.#frames++ < MOST_FRAMES ? frameOfLines(this.#document.lines, place) : undefined
    return { class: kind, message, ...place, frame }
  }
}

/** A file, a macro or a rule is refused: all that is wrong with it. */
export class PolicyError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map((one) => one.message).join('; '))
    this.problems = problems
  }
}
