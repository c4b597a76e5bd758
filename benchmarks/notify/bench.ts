/**
 * What notifications cost and how soon they come, on loopback, with the whole agent; then the same flood told by Prometheus' Alertmanager, where it is
 * installed. CWS_BENCH_PARTS: parts by name, separated by commas.
 */
import { alertmanagerVersion } from './alertmanager.ts'
import { badReceiver } from './bad-receiver.ts'
import { compared } from './compared.ts'
import { idle } from './idle.ts'
import { outbox } from './outbox.ts'
import { slowNames } from './slow-names.ts'

const number = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise)
const rounds = number('CWS_BENCH_ROUNDS', 1_000)

const parts: Readonly<Record<string, () => Promise<void>>> = {
  outbox: async () => {
    for (const destinations of [1, 4]) await outbox(number('CWS_BENCH_SIGNALS', 5_000), destinations)
  },
  idle: () => idle(rounds),
  'bad-receiver': () => badReceiver(Math.min(rounds, 200)),
  'slow-names': () => slowNames(Math.min(rounds, 100)),
  flood: () => compared(number('CWS_BENCH_FLOOD', 100_000), number('CWS_BENCH_FLOOD_S', 60), alertmanagerVersion()),
}

const chosen = process.env['CWS_BENCH_PARTS']?.split(',') ?? Object.keys(parts)
for (const name of chosen) {
  const part = parts[name]
  if (!part) throw new Error(`no part is named "${name}": there are ${Object.keys(parts).join(', ')}`)
  await part()
}
