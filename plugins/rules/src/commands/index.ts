import type { CommandModule } from '@cws/core/cli'
import { evalCommand } from './eval.ts'
import { listCommand } from './list.ts'
import { testCommand } from './test.ts'

const EXAMPLES = `
Examples:
  cws rules list                        the rules of the configuration, and what becomes of each
  cws rules test ./rules/*.ts           run the cases that stand in rules
  cws rules eval < questions.jsonl      judge expressions on fields that you give`

/** `cws rules …` */
export const register: CommandModule['register'] = (command, distribution) => {
  command.description('What rule authors need, without root and without an agent.').addHelpText('after', EXAMPLES)
  evalCommand(command, distribution)
  listCommand(command, distribution)
  testCommand(command, distribution)
}
