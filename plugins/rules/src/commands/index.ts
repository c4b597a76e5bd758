import type { CommandModule } from '@cws/core/cli'
import { checkCommand } from './check.ts'
import { evalCommand } from './eval.ts'
import { exceptCommand } from './except.ts'
import { explainCommand } from './explain.ts'
import { listCommand } from './list.ts'
import { simulateCommand } from './simulate.ts'
import { testCommand } from './test.ts'

const EXAMPLES = `
Examples:
  cws rules list                        the rules of the configuration, and what becomes of each
  cws rules check ./rules/*.policy      every problem at once
  cws rules test ./rules/*.ts           run the cases that stand in rules
  cws rules eval < questions.jsonl      judge expressions on fields that you give
  cws rules explain RULE event.json     which part of a condition decided, with the values
  sudo cws rules except SIGNAL-ID       the exception that would have silenced a signal
  sudo cws rules simulate               do what has rules fire, harmlessly, and see the signals come`

/** `cws rules …` */
export const register: CommandModule['register'] = (command, distribution) => {
  command.description('What rule authors need, without root and without an agent.').addHelpText('after', EXAMPLES)
  listCommand(command, distribution)
  checkCommand(command, distribution)
  testCommand(command, distribution)
  evalCommand(command, distribution)
  explainCommand(command, distribution)
  exceptCommand(command, distribution)
  simulateCommand(command, distribution)
}
