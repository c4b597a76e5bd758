import { createInterface } from 'node:readline/promises'
import { constants, messageOf } from '@cws/core'
import { answer, type Model } from './answer.ts'

/** Words that stand between operands. */
const OPERATORS = ['and', 'or', 'not', 'in', 'allin', 'true', 'false']
const COMMANDS = [':set', ':unset', ':type', ':fields', ':help', ':quit']
const HELP = `An expression is judged on the fields that you set; Tab completes names.
  :set FIELD VALUE   a field has this value, as JSON: :set exec.file.name "curl"
  :unset FIELD       nobody knows it
  :type TYPE         the event is of this type; else the expression tells
  :fields            what is set
  :quit`

/** What a playground knows between two lines. */
export interface Playground {
  readonly fields: Map<string, unknown>
  type: string | undefined
}

/** Answers what a person typed; undefined: to end. */
export function respond(line: string, state: Playground, model: Model): string | undefined {
  const [, command, name = '', value = ''] = /^\s*(:\w+)(?:\s+(\S+))?(?:\s+(.*\S))?\s*$/.exec(line) ?? []
  try {
    switch (command) {
      case ':quit':
        return undefined
      case ':set':
        state.fields.set(name, JSON.parse(value))
        return ''
      case ':unset':
        state.fields.delete(name)
        return ''
      case ':type':
        state.type = name === '' ? undefined : model.get(name).type
        return ''
      case ':fields':
        return [...state.fields].map(([field, each]) => `${field} = ${JSON.stringify(each)}`).join('\n')
      case undefined:
        return line.trim() === '' ? '' : judged(line, state, model)
      default:
        return HELP
    }
  } catch (error) {
    return messageOf(error)
  }
}

function judged(expr: string, { fields, type }: Playground, model: Model): string {
  const result = answer({ expr, fields: Object.fromEntries(fields), ...(type === undefined ? {} : { type }) }, model)
  if ('result' in result) return String(result.result ?? 'unknown')
  const { line, column, message } = result.error
  return line === 1 ? `${' '.repeat(column + PROMPT.length - 1)}^ ${message}` : `${line}:${column}: ${message}`
}

/** What the last word of a line can become: fields, names of numbers, operators, commands. */
export function completionsOf(line: string, { type }: Playground, model: Model): [string[], string] {
  const word = /[:\w.[\]]*$/.exec(line)?.[0] ?? ''
  const types = type === undefined ? model.types() : [type]
  const fields = types.flatMap((one) => [...model.get(one).fields.keys()])
  const words = line.trimStart().startsWith(':') && word === line.trim() ? COMMANDS : [...fields, ...constants.keys(), ...OPERATORS]
  return [[...new Set(words.filter((each) => each.startsWith(word)))].sort(), word]
}

const PROMPT = '> '

/** Reads expressions from a person at a terminal until there are no more. */
export async function playground(input: NodeJS.ReadableStream, output: NodeJS.WritableStream, model: Model): Promise<void> {
  const state: Playground = { fields: new Map(), type: undefined }
  const lines = createInterface({ input, output, prompt: PROMPT, completer: (line: string) => completionsOf(line, state, model) })
  output.write(`${HELP}\n`)
  lines.prompt()
  for await (const line of lines) {
    const told = respond(line, state, model)
    if (told === undefined) break
    if (told !== '') output.write(`${told}\n`)
    lines.prompt()
  }
  lines.close()
}
