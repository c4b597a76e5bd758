import { once } from 'node:events'
import { type Command, type ConfigOption, configOption, type Distribution, toJson, withOptions, workbench } from '@cws/core/cli'
import { type Answer, answerLine } from '../evaluate/answer.ts'
import { type Line, linesOf, MAX_LINE } from '../evaluate/lines.ts'
import { playground } from '../evaluate/playground.ts'
import { standardModel } from '../evaluate/standard-model.ts'

const EXAMPLES = `
Each line of the standard input is a question in JSON, each line of the output its answer: {"result": true}, false, or null where fields that are not
given decide; or {"error": {"line", "column", "message"}}. \`type\` may be left out where the fields tell it. At a terminal it is a playground: expressions are judged as they are
typed, Tab completes names.

Examples:
  echo '{"expr": "exec.file.name =~ \\"cu*\\"", "fields": {"exec.file.name": "curl"}}' | cws rules eval
  echo '{"type": "exec", "expr": "process.uid == 0 && exec.file.name == \\"sh\\"", "fields": {"process.uid": 0}}' | cws rules eval`

export function evalCommand(rules: Command, distribution: Distribution): void {
  const command = rules
    .command('eval')
    .summary('judge expressions on fields that you give')
    .description('Judges expressions of the rule language on the fields that you give, one line of JSON at a time.')
    .addHelpText('after', EXAMPLES)
  withOptions(command, configOption()).action(async (options: ConfigOption) => {
    // The events of plugins are known only with a configuration that is named: without one the answers are everywhere the same.
    await using bench = options.config === undefined ? undefined : await workbench(options, distribution)
    const model = bench?.model ?? standardModel
    if (process.stdin.isTTY) {
      await playground(process.stdin, process.stdout, model)
      return
    }
    await answerAll(process.stdin, process.stdout, (line) =>
      'tooLong' in line ? tooLong(line.tooLong) : line.text.trim() === '' ? undefined : answerLine(line.text, model),
    )
  })
}

/** One answer a line, in order, no faster than they are read. */
async function answerAll(
  input: AsyncIterable<Uint8Array>,
  output: NodeJS.WritableStream,
  answerTo: (line: Line) => Answer | undefined,
): Promise<void> {
  for await (const line of linesOf(input)) {
    const answer = answerTo(line)
    if (answer && !output.write(`${toJson(answer)}\n`)) await once(output, 'drain')
  }
}

const tooLong = (length: number): Answer => ({
  error: { line: 1, column: 1, message: `a line of ${length} characters: ${MAX_LINE} are read` },
})
