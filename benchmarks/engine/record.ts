import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { openDrain, openObject, tracepointParameters } from '@cws/native'
import { root } from '../../tests/support/agent.ts'

/** Records what the kernel tells of a storm, as the agent would get it. The copy starts on an 8-byte boundary. Needs root and a build. */
export async function recordStorm(execs: number): Promise<Buffer> {
  const parts: Buffer[] = []
  const object = openObject('process.bpf.o')
  object.setConstant('cws_exit_has_group_dead', tracepointParameters('sched_process_exit') >= 2)
  object.setMaxEntries('cws_ring', 16 * 1024 * 1024)
  object.load()
  const drain = openDrain({ onRecords: (queue, start, end) => parts.push(Buffer.from(queue.bytes.subarray(start, end))) })
  try {
    drain.addRing(object)
    object.attach()
    const { status } = spawnSync(join(root, 'tests/generators/.output/exec_storm'), [String(execs)])
    if (status !== 0) throw new Error('exec_storm failed')
    object.detach()
    await new Promise((resolve) => setTimeout(resolve, 300))
  } finally {
    drain.close()
    object.close()
  }
  const batch = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) at += part.copy(batch, at)
  return batch
}
