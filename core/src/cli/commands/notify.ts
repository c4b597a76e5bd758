import type { Command } from 'commander'
import type { Distribution } from '../distribution.ts'
import { editCommands } from '../notify/edits.ts'
import { listCommand } from '../notify/list.ts'
import { muteCommand, unmuteCommand } from '../notify/mutes.ts'
import { outboxCommand } from '../notify/outbox.ts'
import { previewCommand } from '../notify/preview.ts'
import { replayCommand, testCommand } from '../notify/send.ts'

const EXAMPLES = `
Examples:
  sudo cws notify list                 rules and destinations, and how they are
  sudo cws notify test team            send one message to a destination, and see what became of it
  sudo cws notify preview              which stored signals would be told to whom, in which words
  sudo cws notify mute --rule shell-from-web-server --for 2h --reason "deploying"
  sudo cws notify disable "Tell the team"
  sudo cws notify outbox               what is owed, and what was refused for good`

export function notifyCommand(program: Command, distribution: Distribution): void {
  const notify = program
    .command('notify')
    .summary('see who is told of what; test, mute and change it')
    .description('Shows notification rules and what is owed to destinations; tests, tells again, mutes, changes rules.')
    .addHelpText('after', EXAMPLES)
  listCommand(notify, distribution)
  previewCommand(notify, distribution)
  testCommand(notify)
  outboxCommand(notify)
  replayCommand(notify)
  editCommands(notify, distribution)
  muteCommand(notify)
  unmuteCommand(notify)
}
