import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const native = fileURLToPath(new URL('../src/index.ts', import.meta.url))

/** Runs a script that has `words`, `enter(place, call)` and an open watchdog with a limit of 500 ms; in the process that follows it says what it was told. */
function watched(body: string): { readonly stdout: string; readonly code: number | null } {
  const script = `
    const { openWatchdog, PLACE_BYTES } = await import(${JSON.stringify(native)})
    if (process.env.TOLD !== undefined) {
      console.log(process.pid === Number(process.env.FIRST) ? 'same' : 'another', process.env.TOLD, process.argv.slice(1).join())
      process.exit(0)
    }
    process.env.FIRST = String(process.pid)
    const words = new Int32Array(4)
    const names = new Uint8Array(4 * PLACE_BYTES)
    new TextEncoder().encodeInto('"first"', names.subarray(PLACE_BYTES))
    new TextEncoder().encodeInto('"second"', names.subarray(2 * PLACE_BYTES))
    openWatchdog({ words, names, limitMs: 500, tell: { variable: 'TOLD', begins: '["before",' } })
    const enter = (place, call) => { words[0] = place; words[1] = call; words[2] = place }
    const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
    const spin = (ms) => { for (const end = performance.now() + ms; performance.now() < end;); }
    ${body}
    console.log('ended by itself')`
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script, 'an argument'], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { stdout, code: status }
}

it.each([
  ['runs', 'enter(1, 1); for (;;);', 'first'],
  ['sleeps', 'enter(2, 1); sleep(30_000)', 'second'],
  ['sleeps a little at a time', 'enter(2, 1); for (;;) sleep(3)', 'second'],
  ['goes in and out of others', 'enter(1, 1); for (;;) for (const place of [2, 3, 1]) { words[0] = place; spin(3) }', 'first'],
])('a place that does not return and %s ends the process, whose successor is told', (_, body, place) => {
  expect(watched(body)).toEqual({ stdout: `same ["before","${place}"] an argument\n`, code: 0 })
})

it('what returns in time, again and again, or is of nobody, ends nothing', () => {
  const body = `
    for (let call = 1; call < 400; call++) { enter(1, call); spin(3); words[0] = 0 }
    enter(0, 400); spin(1_200); sleep(1_200)`
  expect(watched(body)).toEqual({ stdout: 'ended by itself\n', code: 0 })
})

it('is open once', () => {
  expect(
    watched(
      `try { openWatchdog({ words, names, limitMs: 500, tell: { variable: 'T', begins: '' } }) } catch ({ code }) { console.log(code) }`,
    ),
  ).toEqual({
    stdout: 'CWS_WATCHDOG\nended by itself\n',
    code: 0,
  })
})
