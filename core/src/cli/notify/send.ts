import { type Command, Option } from 'commander'
import { ask } from '../../delivery/control/control-client.ts'
import type { BeatOutcome } from '../../delivery/control/notify-desk.ts'
import type { Outcome } from '../../plugin/notifier.ts'
import { foldersOf } from '../compose.ts'
import { type FolderOptions, type FormatOption, formatOption, runDirOption, withOptions } from '../options.ts'
import { json, line, styled } from '../output.ts'
import { whoAsks } from '../who-asks.ts'

/** A try has 15 s, and its notifier a second more to end; the audit before a beat as long, and the beat 10 s. */
const TEST_MS = 30_000

const TEST_EXAMPLES = `
The agent that runs makes the message and delivers it as any other, once; it is neither stored nor tried again. Where each message opens something, an
incident for example, this one does too.

"heartbeat" is the watcher outside that the configuration names: a beat is sent to it now, unless the agent finds that not all is well.

Exit codes: 0 delivered, 1 not.

Examples:
  sudo cws notify test team
  sudo cws notify test team --rule "Tell the team"    in the words of this notification rule
  sudo cws notify test heartbeat`

const REPLAY_EXAMPLES = `
The signal is told as it is now, under a new key, which ends in :<n> where the revision was told before: receivers that drop keys they have seen take it.
Only the last message about a signal can be replayed, so that a command that runs twice tells once.

Examples:
  sudo cws notify outbox                                                   shows keys of what was refused
  sudo cws notify replay 01KB6QRD4V5N0ZK3W8F2T9XHMC:1:team
  sudo cws notify outbox --format json | jq -r '.dead[] | select(.followed_by == null and (.in_part | not)).key' | xargs -n 1 sudo cws notify replay`

interface TestOptions extends FolderOptions, FormatOption {
  readonly rule?: string
}

interface Tested {
  readonly key: string | null
  readonly outcome: Outcome | BeatOutcome
}

export function testCommand(notify: Command): void {
  const command = notify
    .command('test <destination>')
    .summary('send one message to a destination')
    .description('Sends a test message to a destination and tells what became of it.')
    .addHelpText('after', TEST_EXAMPLES)
  const rule = new Option('--rule <name>', 'in the words of this notification rule')
  withOptions(command, rule, runDirOption(), formatOption('human')).action(async (destination: string, options: TestOptions) => {
    const { rule: words = null } = options
    const args = { destination, rule: words, by: whoAsks() }
    const tested = (await ask(foldersOf(options).run, 'notify.test', args, TEST_MS)) as Tested
    const { result, detail = '' } = tested.outcome
    const isDelivered = result === 'delivered'
    if (options.format === 'json') json({ kind: 'notify_test', ...tested })
    else line(styled(isDelivered ? 'green' : 'red', `${WORDS[result]}${detail === '' ? '' : ':'}`), detail)
    if (!isDelivered) process.exitCode = 1
  })
}

const WORDS: Readonly<Record<Tested['outcome']['result'], string>> = {
  delivered: 'delivered',
  failed: 'not delivered',
  withheld: 'withheld, since not all is well',
  retry: 'not delivered',
  ambiguous: 'not known whether it arrived',
  broken: 'the destination refuses everything',
  reject: 'refused',
}

export function replayCommand(notify: Command): void {
  const command = notify
    .command('replay <key>')
    .summary('tell something once more')
    .description('Tells a destination once more of a signal that it was told of, or that it refused.')
    .addHelpText('after', REPLAY_EXAMPLES)
  withOptions(command, runDirOption(), formatOption('human')).action(async (key: string, options: FolderOptions & FormatOption) => {
    const told = (await ask(foldersOf(options).run, 'notify.replay', { key, by: whoAsks() })) as { readonly key: string }
    if (options.format === 'json') json({ kind: 'notify_replay', ...told })
    else line(`${told.key} is owed now; \`cws notify outbox\` shows it until it has arrived`)
  })
}
