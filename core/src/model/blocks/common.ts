import { bool, int64, string, strings } from '../field.ts'
import { cgroupBlock } from './cgroup.ts'
import { processContext } from './process.ts'

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
    author_gap: string('Why the sensor names nobody as the one who did it, in words; of events whose author it cannot tell'),
    async: bool('The sensor saw the call from its result alone, after the kernel had lost its arguments'),
    os: string('Operating system'),
    service: string('Service that the process belongs to, where that is known'),
    rule: { tags: strings('Tags of the rule that is judged') },
    self_test: bool('Made by the agent itself to prove that its sensors are alive'),
  },
  process: processContext,
  container: {
    id: string('Container id; empty on the host'),
    created_at: int64('Start of the container, ns since the epoch'),
    tags: strings('Tags of the container, each `key:value`'),
  },
  cgroup: cgroupBlock,
} as const
