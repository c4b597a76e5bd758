/** node bare.ts URL: a POST of one finding for each line that comes in, and nothing else: what any program on this machine needs for it now. */
import { createInterface } from 'node:readline'

const url = process.argv[2] as string
for await (const rule of createInterface(process.stdin)) {
  const at = String(process.hrtime.bigint())
  const body = JSON.stringify({ rule: { id: rule }, count: 1, event: { paced: { mark: rule, at } } })
  await (await fetch(url, { method: 'POST', body })).arrayBuffer()
}
