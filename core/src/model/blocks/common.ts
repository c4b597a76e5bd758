import { bool, int, int64, iterated, string, strings } from '../field.ts'
import { processBlock } from './process.ts'

/** What every event has: when and where it happened, and the process that did it. */
export const commonBlock = {
  event: {
    timestamp: int64('When it happened, ns since the epoch'),
    not_before: int64(
      'Not earlier than this, ns since the epoch: of sources that are told of an event after it happened. `timestamp` is then the latest that it can have been',
    ),
    hostname: string('Name of the host'),
    source: string('`runtime`, or `snapshot` for what was there when the agent started'),
    origin: string('The sensor flavour that saw it'),
    self_test: bool('Made by the agent itself to prove that its sensors are alive'),
  },
  process: {
    ...processBlock,
    parent: processBlock,
    ancestors: { length: int('How many ancestors are known'), ...iterated(processBlock) },
  },
  container: {
    id: string('Container id; empty on the host'),
    created_at: int64('Start of the container, ns since the epoch'),
    tags: strings('Tags of the container, each `key:value`'),
  },
  cgroup: { id: string('Path of the control group') },
} as const
